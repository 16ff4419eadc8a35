"""NDJSON to nested Parquet with DuckDB: the peer of `frontdesk load`.

usage: duckdb_load.py INPUT OUTPUT
"""

import sys

import duckdb

COLUMNS = {
    "_id": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "eventType": "VARCHAR",
    "web": """STRUCT(
        webInteraction STRUCT(name VARCHAR, region VARCHAR, type VARCHAR, URL VARCHAR, linkClicks STRUCT(value DOUBLE)),
        webPageDetails STRUCT(URL VARCHAR, name VARCHAR, siteSection VARCHAR, isHomePage BOOLEAN, pageViews STRUCT(value DOUBLE)),
        webReferrer STRUCT(URL VARCHAR, type VARCHAR))""",
    "device": "STRUCT(type VARCHAR, screenHeight BIGINT, screenWidth BIGINT, screenOrientation VARCHAR)",
    "environment": """STRUCT(type VARCHAR, operatingSystem VARCHAR,
        browserDetails STRUCT(viewportWidth BIGINT, viewportHeight BIGINT, userAgent VARCHAR))""",
    "placeContext": "STRUCT(localTimezoneOffset BIGINT, localTime TIMESTAMPTZ, ianaTimezone VARCHAR)",
    "implementationDetails": "STRUCT(name VARCHAR, version VARCHAR, environment VARCHAR)",
    "identityMap": "MAP(VARCHAR, STRUCT(id VARCHAR, authenticatedState VARCHAR, \"primary\" BOOLEAN)[])",
    "customerFeedback": """STRUCT(
        chatOffered BIGINT, chatDeclined BIGINT, chatStart BIGINT, chatEnd BIGINT,
        clickToCall BIGINT, clickToText BIGINT, clickToEmail BIGINT, clickToDirectMessage BIGINT,
        chatSessionID VARCHAR, subject VARCHAR,
        callBackNumber STRUCT("primary" BOOLEAN, countryCode VARCHAR, number VARCHAR, status VARCHAR),
        replyToEmailAddress STRUCT("primary" BOOLEAN, address VARCHAR, label VARCHAR, type VARCHAR, status VARCHAR))""",
}


def main() -> None:
    source, target = sys.argv[1:]
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    duckdb.execute(
        f"""COPY (FROM read_json('{source}', format='newline_delimited', columns={{{columns}}}, ignore_errors=true))
            TO '{target}' (FORMAT parquet, COMPRESSION zstd)"""
    )


main()
