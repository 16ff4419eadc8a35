//! The benchmark's peer: an axum handler that reads the body and does nothing with it.
//!
//! `cargo run --release -p server --example bare -- 127.0.0.1:8081`, then the same load
//! as against Frontdesk. It bounds what any handler behind axum can do.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?.tap_io(|stream| {
        // As Frontdesk does it, so that the two differ in the handler only. A connection
        // that is gone already shows at its first read.
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().route("/v1/events", post(read)).layer(DefaultBodyLimit::disable());
    axum::serve(listener, router).await
}

async fn read(body: Bytes) -> StatusCode {
    if body.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::OK }
}
