//! The OpenAPI document, made from the tables of routes, problems and forms.
//!
//! `crates/server/openapi.json` is the golden file: a test compares it with this, so that
//! no change of the interface goes unseen.

use serde_json::{Map, Value, json};

use crate::access::{Access, Scope};
use crate::problem::Code;
use crate::routes::{Method, ROUTES, Route};
use crate::sql::FORMS;

/// The document as it is served, ending with a line feed.
pub fn document() -> String {
    let mut paths = Map::new();
    for route in ROUTES {
        let method = match route.method() {
            Method::Get => "get",
            Method::Post => "post",
        };
        paths.insert(route.path().to_owned(), json!({ method: operation(*route) }));
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Frontdesk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Takes in requests for contact as XDM ExperienceEvents. Every error is a problem document (RFC 9457). Bodies may be compressed with gzip or zstd. The media type of a body is not looked at, except that application/x-ndjson means one event a line.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": { "Problem": problem_response() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An API key. A server that only its own machine reaches, and that has no keys, asks for none." },
                "basic": { "type": "http", "scheme": "basic", "description": "An API key as the password, under any name." },
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value has only string keys");
    text.push('\n');
    text
}

fn operation(route: Route) -> Value {
    let mut operation = json!({ "operationId": operation_id(route), "summary": route.summary() });
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = body(route) {
        operation["requestBody"] = json!({ "required": true, "content": body });
    }
    operation["security"] = security(route);
    operation["responses"] = Value::Object(responses(route));
    operation
}

/// What has to be shown: an empty alternative means that nothing has to.
fn security(route: Route) -> Value {
    let scope = |scope: Scope| json!([{ "bearer": [scope.name()] }, { "basic": [scope.name()] }]);
    match route.access() {
        Access::Public => json!([]),
        Access::Collect => json!([{}, { "bearer": ["collect"] }, { "basic": ["collect"] }]),
        Access::Key => json!([{ "bearer": [] }, { "basic": [] }]),
        Access::Read => scope(Scope::Read),
        Access::Desk => scope(Scope::Desk),
        Access::Admin => scope(Scope::Admin),
    }
}

const fn operation_id(route: Route) -> &'static str {
    match route {
        Route::Events => "postEvents",
        Route::Receipt => "getEvent",
        Route::Collection => "postMessage",
        Route::CollectionBatch => "postMessages",
        Route::Sql => "query",
        Route::Rejects => "countRejects",
        Route::ReportContacts => "reportContacts",
        Route::Health => "isAlive",
        Route::Ready => "isReady",
        Route::Metrics => "getMetrics",
        Route::Interact => "interact",
        Route::Collect => "collect",
        Route::Acquire => "acquireIdentity",
        Route::SetConsent => "setConsent",
        Route::InteractV2 => "interactV2",
        Route::CollectV2 => "collectV2",
        Route::TestRun => "getTestRun",
        Route::Tail => "tail",
        Route::Key => "getKey",
        Route::Tag => "getTag",
        Route::Demo => "getDemo",
        Route::OpenApi => "getInterface",
        Route::ProblemPage => "explainProblem",
        Route::Index | Route::Elsewhere => "getIndex",
    }
}

fn parameters(route: Route) -> Vec<Value> {
    let text = |place: &str, name: &str, description: &str| json!({ "in": place, "name": name, "required": place == "path", "description": description, "schema": { "type": "string" } });
    let choice = |name: &str, description: &str, schema: Value| json!({ "in": "query", "name": name, "required": false, "description": description, "schema": schema });
    let required_query = |name: &str, description: &str| json!({ "in": "query", "name": name, "required": true, "description": description, "schema": { "type": "string" } });
    let boolean = || json!({ "type": "boolean", "default": false });
    let encoding = text("header", "content-encoding", "gzip or zstd; none when absent.");
    let request_id = text(
        "header",
        "x-request-id",
        "Up to 128 visible ASCII characters. The same id again gives the same ids to events without _id, so that a resent request counts once.",
    );
    let inlet = text(
        "path",
        "inletId",
        "The inlet; it feeds the datastream of the same name unless the settings say otherwise. Any path may stand before /collection.",
    );
    match route {
        Route::Events => vec![
            choice("dry_run", "Check only; nothing is kept.", boolean()),
            choice(
                "datastream",
                "The datastream of all events of the body.",
                json!({ "type": "string", "default": "default" }),
            ),
            choice("request_id", "As x-request-id, and before it.", json!({ "type": "string" })),
            choice(
                "answer",
                "summary leaves out the list of events when all were accepted without a notice.",
                json!({ "enum": ["full", "summary"], "default": "full" }),
            ),
            request_id,
            encoding,
        ],
        Route::Receipt => {
            vec![text("path", "id", "The event's _id, or the id in the answer to its POST. It may hold slashes.")]
        }
        Route::Collection => vec![
            inlet,
            choice(
                "syncValidation",
                "Answer 400 when the message is invalid. It is kept in rejects either way.",
                boolean(),
            ),
            choice("synchronousValidation", "The older spelling.", boolean()),
            request_id,
            encoding,
        ],
        Route::CollectionBatch => vec![inlet, request_id, encoding],
        Route::Interact | Route::Collect | Route::Acquire | Route::SetConsent => {
            vec![
                text("path", "base", "Any path of one or more segments, such as ee or ee/or2."),
                required_query("configId", "The datastream's id; datastreamId is read too."),
                text("query", "requestId", "The same id again gives the same events."),
            ]
        }
        Route::InteractV2 | Route::CollectV2 => {
            let mut parameters = vec![
                text("path", "base", "Any path of one or more segments, such as ee or ee/or2."),
                required_query("datastreamId", "The datastream's id; dataStreamId and configId are read too."),
                text("query", "requestId", "The same id again gives the same events."),
                request_id,
            ];
            if route == Route::CollectV2 {
                parameters.push(choice("silent", "Answer 204 without a body.", boolean()));
            }
            parameters
        }
        Route::TestRun => {
            vec![text("path", "testId", "The run's name, as x-frontdesk-test or data.frontdesk.testId had it.")]
        }
        Route::ReportContacts => vec![
            text("query", "since", "Begin: 7d, 24h, or a date such as 2026-11-01 (UTC); 7d when absent."),
            text("query", "until", "End: a date, included, or a time such as 2026-11-01T09:00:00Z; today when absent."),
            choice("format", "Before what Accept asks for.", json!({ "enum": ["json", "csv", "table"] })),
        ],
        Route::Demo => vec![text("path", "page", "A page or file of the shop.")],
        Route::ProblemPage => vec![text("path", "code", "The code of a problem document.")],
        _ => Vec::new(),
    }
}

fn body(route: Route) -> Option<Value> {
    let event = json!({ "type": "object", "description": "An XDM ExperienceEvent, with or without the xdm: prefix." });
    let message = json!({ "$ref": "#/components/schemas/Message" });
    match route {
        Route::Events => Some(json!({
            "application/json": { "schema": { "oneOf": [event, { "type": "array", "items": { "type": "object" } }] } },
            "application/x-ndjson": { "schema": { "type": "string", "description": "One event a line." } },
        })),
        Route::Collection => Some(json!({ "application/json": { "schema": message } })),
        Route::CollectionBatch => Some(json!({ "application/json": { "schema": {
            "type": "object",
            "required": ["messages"],
            "properties": { "messages": { "type": "array", "items": message } },
        } } })),
        Route::Interact | Route::Collect | Route::CollectV2 => Some(json!({ "text/plain": { "schema": {
            "type": "object",
            "required": ["events"],
            "properties": {
                "events": { "type": "array", "items": { "type": "object", "properties": { "xdm": event, "data": { "type": "object" } } } },
                "xdm": { "type": "object", "description": "Context of all events." },
                "meta": { "type": "object" },
            },
        } } })),
        Route::InteractV2 => Some(json!({ "application/json": { "schema": {
            "type": "object",
            "required": ["event"],
            "properties": { "event": { "type": "object", "properties": { "xdm": event } } },
        } } })),
        Route::Acquire => Some(json!({ "text/plain": { "schema": { "type": "object" } } })),
        Route::SetConsent => Some(json!({ "text/plain": { "schema": {
            "type": "object",
            "required": ["consent"],
            "properties": { "consent": { "type": "array", "items": { "type": "object" } } },
        } } })),
        Route::Sql => Some(json!({
            "text/plain": { "schema": { "type": "string" } },
            "application/json": { "schema": { "type": "object", "required": ["sql"], "properties": { "sql": { "type": "string" } } } },
        })),
        _ => None,
    }
}

fn responses(route: Route) -> Map<String, Value> {
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let answered = |description: &str, content: Value| json!({ "description": description, "content": content });
    let as_json =
        |description: &str, schema: Value| answered(description, json!({ "application/json": { "schema": schema } }));
    let as_text =
        |description: &str| answered(description, json!({ "text/plain": { "schema": { "type": "string" } } }));
    let mut responses = Map::new();
    let (status, response) = match route {
        Route::Events => (
            "200",
            as_json(
                "At least one event was accepted and is durable, or it was a dry run. The events stand in the order of the body.",
                of("Answer"),
            ),
        ),
        Route::Receipt => ("200", as_json("What is known of the event.", of("Receipt"))),
        Route::Collection => (
            "200",
            as_json(
                "The message was taken and is durable. Without syncValidation this doesn't say that it is valid: an invalid one is in rejects.",
                of("Taken"),
            ),
        ),
        Route::CollectionBatch => (
            "207",
            as_json("One response per message, in order; all that have an xactionId are durable.", of("TakenBatch")),
        ),
        Route::Sql => {
            let forms = FORMS.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect();
            ("200", answered("The rows, in the form that Accept asks for.", Value::Object(forms)))
        }
        Route::ReportContacts => {
            let forms = FORMS.iter().map(|(name, _)| ((*name).to_owned(), json!({}))).collect();
            (
                "200",
                answered(
                    "The report, in the form that is asked for; all its numbers are of one moment.",
                    Value::Object(forms),
                ),
            )
        }
        Route::Rejects => {
            ("200", as_json("Counts, most first.", json!({ "type": "array", "items": { "type": "object" } })))
        }
        Route::Interact | Route::InteractV2 | Route::Acquire | Route::SetConsent => (
            "200",
            as_json("Handles. Events that break the schema are kept in rejects and named in warnings.", of("Handles")),
        ),
        Route::Collect => {
            ("204", json!({ "description": "The events are durable; those that break the schema in rejects." }))
        }
        Route::CollectV2 => (
            "202",
            as_json(
                "The events are durable; those that break the schema are in rejects and named in warnings.",
                object(
                    &["requestId"],
                    json!({ "requestId": { "type": "string" }, "warnings": { "type": "array", "items": { "type": "object" } } }),
                ),
            ),
        ),
        Route::TestRun => ("200", as_json("The run; one that is not known has no events.", of("TestRun"))),
        Route::Tail => ("200", answered("One event a line, without end.", json!({ "application/x-ndjson": {} }))),
        Route::Key => ("200", as_json("What the key may do.", of("Key"))),
        Route::Tag => ("200", answered("The script.", json!({ "text/javascript": {} }))),
        Route::Demo => ("200", answered("The page.", json!({ "text/html": {} }))),
        Route::OpenApi => ("200", as_json("This document.", json!({ "type": "object" }))),
        Route::Index => ("200", answered("The page.", json!({ "text/html": {} }))),
        Route::Health | Route::Ready | Route::Metrics | Route::ProblemPage | Route::Elsewhere => {
            ("200", as_text("Yes, or the text."))
        }
    };
    responses.insert(status.to_owned(), response);
    for code in codes(route) {
        let status = code.status().as_u16().to_string();
        // 422 carries the answer as well as the problem.
        responses.entry(status).or_insert_with(|| match code {
            Code::AllRejected => answered(
                "Every event was rejected; they are kept in rejects.",
                json!({ "application/problem+json": { "schema": { "allOf": [of("Problem"), of("Answer")] } } }),
            ),
            _ => json!({ "$ref": "#/components/responses/Problem" }),
        });
    }
    responses
}

/// The problems that a route can answer with.
fn codes(route: Route) -> Vec<Code> {
    let receiving = [Code::BodyCut, Code::BodyTimeout, Code::BodyTooLarge, Code::Overloaded, Code::Internal];
    let taking_in = [Code::CodingBroken, Code::CodingUnsupported, Code::DiskFull, Code::Poisoned, Code::Stopping];
    let naming = [
        Code::QueryInvalid,
        Code::DatastreamMissing,
        Code::DatastreamUnknown,
        Code::DatastreamDisabled,
        Code::OriginRefused,
        Code::Unavailable,
    ];
    let querying = [Code::SqlInvalid, Code::SqlLimit, Code::SqlBusy, Code::Unavailable];
    let mut codes = match route {
        Route::Events => {
            [&receiving[..], &taking_in, &naming[1..4], &[Code::QueryInvalid, Code::BodyUnreadable, Code::AllRejected]]
                .concat()
        }
        Route::Collection | Route::CollectionBatch => {
            [&receiving[..], &taking_in, &naming[1..4], &[Code::InvalidXdmMessage, Code::NotFound]].concat()
        }
        Route::Sql => [&receiving[..], &querying].concat(),
        Route::Rejects => [&querying[1..], &[Code::Internal, Code::Overloaded]].concat(),
        Route::ReportContacts => [&querying[1..], &[Code::QueryInvalid, Code::Internal, Code::Overloaded]].concat(),
        Route::Receipt => vec![Code::EventUnknown, Code::Internal],
        Route::Ready => vec![Code::Overloaded, Code::DiskFull, Code::Poisoned, Code::Stopping],
        Route::ProblemPage => vec![Code::NotFound],
        Route::Interact | Route::Collect | Route::InteractV2 | Route::CollectV2 => {
            [&receiving[..4], &taking_in, &naming, &[Code::JsonInvalid, Code::ValueMissing]].concat()
        }
        Route::Acquire => [&receiving[..4], &naming, &[Code::JsonInvalid]].concat(),
        Route::SetConsent => [
            &receiving[..4],
            &taking_in,
            &naming,
            &[Code::JsonInvalid, Code::ValueMissing, Code::FieldInvalid, Code::ConsentInvalid],
        ]
        .concat(),
        Route::TestRun => vec![Code::NotFound],
        Route::Tail => vec![Code::Stopping],
        Route::Demo => vec![Code::NotFound],
        Route::Health | Route::Metrics | Route::OpenApi | Route::Index => Vec::new(),
        Route::Key | Route::Tag | Route::Elsewhere => Vec::new(),
    };
    codes.extend(access_codes(route));
    codes.sort_by_key(|code| code.status().as_u16());
    codes
}

/// The problems of those who may not.
fn access_codes(route: Route) -> Vec<Code> {
    let keys = [Code::KeyMissing, Code::KeyInvalid, Code::ScopeMissing, Code::KeyRestricted, Code::KeysUnreadable];
    let names = [Code::OriginForeign, Code::HostUnknown];
    match route.access() {
        Access::Public => Vec::new(),
        Access::Collect => keys.to_vec(),
        Access::Key if route.is_static() => keys.to_vec(),
        Access::Key | Access::Read | Access::Desk | Access::Admin => [&keys[..], &names].concat(),
    }
}

fn problem_response() -> Value {
    json!({
        "description": "What went wrong and what to do.",
        "headers": { "retry-after": { "description": "Seconds to wait; with 429 and 503.", "schema": { "type": "integer", "minimum": 1 } } },
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

fn schemas() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let string = || json!({ "type": "string" });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let list = |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/components/schemas/{name}") } });
    json!({
        "Problem": object(&["type", "title", "status", "detail", "code"], json!({
            "type": { "type": "string", "format": "uri-reference" },
            "title": string(),
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "What is wrong and the fix. Never a value that was sent." },
            "code": { "enum": codes },
        })),
        "Violation": object(&["pointer", "schema", "keyword", "message"], json!({
            "pointer": { "type": "string", "description": "JSON pointer into the event as it was sent." },
            "schema": string(), "keyword": string(), "message": string(),
        })),
        "Notice": object(&["pointer", "code", "message"], json!({ "pointer": string(), "code": string(), "message": string() })),
        "Event": {
            "oneOf": [
                object(&["status", "id"], json!({ "status": { "const": "accepted" }, "id": string(), "notices": list("Notice") })),
                object(&["status", "violations"], json!({ "status": { "const": "rejected" }, "id": string(), "violations": list("Violation") })),
            ],
        },
        "Answer": object(&["accepted", "rejected"], json!({ "accepted": count(), "rejected": count(), "events": list("Event") })),
        "Receipt": object(&["status", "id"], json!({
            "status": { "enum": ["stored", "rejected"] },
            "id": string(),
            "time": { "type": "string", "format": "date-time" },
            "received_at": { "type": "string", "format": "date-time" },
            "duplicates": { "type": "integer", "minimum": 0, "description": "How often the same event came again." },
            "rejects": list("Reject"),
            "rejects_more": { "type": "integer", "minimum": 1, "description": "How many more rejects this id has; the oldest hundred are told." },
        })),
        "Handles": object(&["requestId", "handle"], json!({
            "requestId": string(),
            "handle": { "type": "array", "items": object(&["type", "payload"], json!({ "type": string(), "payload": { "type": "array" } })) },
            "warnings": { "type": "array", "items": { "type": "object", "description": "Shaped as a problem; report.errors has the broken rules of an event." } },
        })),
        "TestRun": object(&["testId", "good", "bad", "events"], json!({
            "testId": string(),
            "good": count(),
            "bad": count(),
            "events": { "type": "array", "items": object(&["verdict", "datastream", "receivedAt", "derived", "violations", "notices"], json!({
                "verdict": { "enum": ["accepted", "rejected"] },
                "id": string(),
                "datastream": string(),
                "receivedAt": { "type": "string", "format": "date-time" },
                "time": { "type": "string", "format": "date-time" },
                "eventType": string(),
                "testId": string(),
                "derived": { "type": "array", "items": string() },
                "violations": list("Violation"),
                "notices": list("Notice"),
                "event": { "type": "object", "description": "As it was taken in, personal values masked; absent when it is invalid." },
            })) },
        })),
        "Key": object(&["demanded", "id", "name", "scope", "may", "datastream", "expires"], json!({
            "demanded": { "type": "boolean", "description": "Whether this server demands keys." },
            "id": { "type": ["string", "null"], "description": "null without a key, where none is demanded." },
            "name": { "type": ["string", "null"] },
            "scope": { "enum": ["collect", "read", "desk", "admin", null] },
            "may": { "type": "array", "items": { "enum": ["collect", "read", "desk", "admin"] }, "description": "The scopes whose routes are answered." },
            "datastream": { "type": ["string", "null"], "description": "The only datastream that the key is for." },
            "expires": { "type": ["string", "null"], "format": "date-time" },
        })),
        "Reject": object(&["reject_id", "kind", "received_at", "violations"], json!({
            "reject_id": string(),
            "kind": { "enum": ["invalid", "conflict", "duplicate"] },
            "received_at": { "type": "string", "format": "date-time" },
            "violations": list("Violation"),
        })),
        "Message": object(&["body"], json!({
            "header": { "type": "object", "description": "Taken as it is and not compared with anything." },
            "body": object(&["xdmEntity"], json!({ "xdmMeta": { "type": "object" }, "xdmEntity": { "type": "object" } })),
        })),
        "Taken": object(&["inletId", "xactionId", "receivedTimeMs"], json!({
            "inletId": string(), "xactionId": string(), "receivedTimeMs": { "type": "integer" },
            "syncValidation": { "type": "object", "description": "{\"skipped\":true}, or {\"status\":\"pass\"} when validation was asked for." },
            "synchronousValidation": { "type": "object", "description": "The same for the older spelling." },
        })),
        "TakenBatch": object(&["inletId", "batchId", "receivedTimeMs", "responses"], json!({
            "inletId": string(), "batchId": string(), "receivedTimeMs": { "type": "integer" },
            "responses": { "type": "array", "items": object(&[], json!({
                "xactionId": string(),
                "statusCode": { "const": 400 },
                "message": string(),
                "report": { "type": "object", "description": "cause._streamingValidation has every broken rule." },
            })) },
        })),
    })
}

fn object(required: &[&str], properties: Value) -> Value {
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}
