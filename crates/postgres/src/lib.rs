//! The PostgreSQL protocol, for tools that read over it.
