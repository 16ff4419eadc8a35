//! `GET /views`: what people have saved; `GET /views/{name}`, which leads to a saved view; and `POST /views/{name}`, where the
//! pages' forms are sent, by what they do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::RequestPartsExt;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use dashboard::{KeptNote, KeptShare, KeptView, Saved, SharedNow};
use serde_json::json;
use state::shares::Share;
use state::{notes, views};
use url::form_urlencoded;

use super::drawn::{html, is_signed_in};
use super::told::{led, local, unreadable_query};
use crate::api::endpoint::Endpoint;
use crate::api::index;
use crate::api::kept::annotated::at;
use crate::api::kept::keeping;
use crate::api::kept::listed::{kept_view, kept_views, page_of};
use crate::api::openapi::{parts, problems};
use crate::app::access::links::LinkNow;
use crate::app::access::scope::Access;
use crate::app::backend::Backend;
use crate::app::call::{Call, Outcome};
use crate::app::operation::{Operation, Success};
use crate::app::route::{Audience, Content, RouteSpec};
use crate::app::state::AppState;
use crate::http::body::Received;
use crate::http::problem::{Code, Problem};

/// Largest form, in bytes: a view with the longest query, each letter of it encoded, and where to lead to.
const FORM_BYTES_MAX: usize = 16 << 10;
/// What stands before the action in a path.
const PREFIX: &str = "/views/";

pub(in crate::api) enum GetSavedPage {}

impl Endpoint for GetSavedPage {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: saved views, shared links and notes",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || Operation {
            id: "savedPage",
            success: parts::success("The page.", json!({ "text/html": {} })),
            problems: vec![Code::Unavailable, Code::StateUnusable, Code::Overloaded],
            ..Operation::default()
        },
        ..RouteSpec::get("/views", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let notes = notes::list(keeping::store(&state)?).await.map_err(|error| keeping::failed(&error))?;
        let notes: Vec<KeptNote> = notes
            .into_iter()
            .map(|note| KeptNote {
                id: note.id,
                at: at(&note),
                text: note.text,
                datastream: note.datastream,
                made_by: note.made_by,
            })
            .collect();
        let now = state.backend.now_micros();
        let links = state.access.links().all();
        let shares: Vec<KeptShare> =
            links.iter().filter_map(|link| shown(&link.0, state.access.link_now(link, now))).collect();
        let views = kept_views(&state).await.unwrap_or_default();
        let is_signed_in = is_signed_in(&call.principal);
        let page = dashboard::saved(&Saved { views: &views, shares: &shares, notes: &notes, is_signed_in });
        html(&state, StatusCode::OK, page)
    }
}

pub(in crate::api) enum GetSavedView {}

impl Endpoint for GetSavedView {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "Page: leads to the saved view of this name",
        content: Content::Rows,
        audience: Audience::People,
        openapi: || Operation {
            id: "savedView",
            parameters: vec![parts::in_path("name", "The view's name.")],
            success: Success {
                status: "303",
                response: json!({ "description": "Location is the view's page with its query. Parameters that are given here stand in place of those that the view has.", "headers": { "location": { "schema": { "type": "string" } } } }),
            },
            problems: vec![Code::KeptUnknown, Code::QueryInvalid, Code::Unavailable, Code::StateUnusable],
            ..Operation::default()
        },
        ..RouteSpec::get("/views/{name}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { mut head, .. } = call;
        let unknown = || {
            Problem::new(
                Code::KeptUnknown,
                "there is no saved view of this name; all that there are stand under /views",
            )
        };
        let Ok(Path(name)) = head.extract::<Path<String>>().await else { return Err(unknown()) };
        let Query(asked): Query<Vec<(String, String)>> =
            Query::try_from_uri(&head.uri).map_err(|_| unreadable_query())?;
        let view = views::by_name(keeping::store(&state)?, &name).await.map_err(|error| keeping::failed(&error))?;
        let view = view.and_then(kept_view).ok_or_else(unknown)?;
        Ok(led(&href(&view, &asked)))
    }
}

/// Where a view is. What is asked beside it stands in place of the view's own parameters of the same name.
fn href(view: &KeptView, asked: &[(String, String)]) -> String {
    if asked.is_empty() {
        return view.href();
    }
    let own = form_urlencoded::parse(view.query.as_bytes());
    let own = own.filter(|(name, _)| asked.iter().all(|(asked, _)| asked != name));
    let asked = asked.iter().map(|(name, value)| (Cow::from(name), Cow::from(value)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(own.chain(asked)).finish();
    format!("{}?{query}", view.page.path())
}

pub(in crate::api) enum PostSaved {}

impl Endpoint for PostSaved {
    const SPEC: &'static RouteSpec = &RouteSpec {
        summary: "The pages' forms: save, rename, delete, share, revoke, note, unnote",
        audience: Audience::People,
        openapi: || Operation {
            id: "changeSaved",
            parameters: vec![parts::in_path(
                "name",
                "What the form does: save, rename, delete, share, revoke, note or unnote.",
            )],
            body: Some(
                json!({ "application/x-www-form-urlencoded": { "schema": { "type": "object", "additionalProperties": parts::string() } } }),
            ),
            success: Success {
                status: "303",
                response: json!({ "description": "Done; Location is the page that shows it. A new link is told on a page instead, with 200.", "headers": { "location": { "schema": { "type": "string" } } } }),
            },
            problems: [
                problems::RECEIVING,
                &[
                    Code::NotFound,
                    Code::KeptInvalid,
                    Code::KeptUnknown,
                    Code::NameTaken,
                    Code::KeptFull,
                    Code::Unavailable,
                    Code::StateUnusable,
                    Code::Internal,
                ],
            ]
            .concat(),
            ..Operation::default()
        },
        ..RouteSpec::form("/views/{name}", Access::Read)
    };

    async fn handle<B: Backend>(state: Arc<AppState<B>>, call: Call) -> Outcome {
        let Call { head, body, principal } = call;
        let Received { bytes, claim: _claim } = body.read(FORM_BYTES_MAX, &state.body_limits, &state.budget).await?;
        let form = Form::read(&bytes);
        let place = (form.get("page"), form.get("query"));
        match head.uri.path().strip_prefix(PREFIX).unwrap_or_default() {
            "save" => {
                let (_, place) = keeping::save_view(&state, &principal, form.get("name"), place).await?;
                Ok(led(&place.href()))
            }
            "rename" => {
                keeping::rename_view(&state, form.number()?, form.get("name")).await?;
                Ok(led("/views"))
            }
            "delete" => {
                keeping::delete_view(&state, form.number()?).await?;
                Ok(led("/views"))
            }
            "share" => {
                let days = form.get("days").parse().map_err(|_| wrong("days is a number"))?;
                let (share, path) = keeping::share(&state, &principal, form.get("label"), place, days).await?;
                let share = shown(&share, LinkNow::Open).ok_or_else(|| Problem::internal("a page that isn't one"))?;
                let url = format!("{}{path}", index::origin(&head));
                html(&state, StatusCode::OK, dashboard::shared_now(&url, &share, is_signed_in(&principal)))
            }
            "revoke" => {
                keeping::revoke(&state, form.get("id")).await?;
                Ok(led("/views"))
            }
            "note" => {
                let datastream = Some(form.get("datastream"));
                keeping::add_note(&state, &principal, form.get("at"), form.get("text"), datastream).await?;
                Ok(led(local(form.get("to")).unwrap_or("/")))
            }
            "unnote" => {
                keeping::delete_note(&state, form.number()?).await?;
                Ok(led(local(form.get("to")).unwrap_or("/views")))
            }
            _ => Err(Problem::of(Code::NotFound)),
        }
    }
}

/// The fields of a form, each once.
struct Form(HashMap<String, String>);

impl Form {
    fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number(&self) -> Result<i64, Problem> {
        self.get("id").parse().map_err(|_| Problem::of(Code::KeptUnknown))
    }
}

fn wrong(detail: &'static str) -> Problem {
    Problem::new(Code::KeptInvalid, detail)
}

/// A link as the page lists it; `None` for one of a page that isn't there any more.
fn shown(share: &Share, now: LinkNow) -> Option<KeptShare> {
    Some(KeptShare {
        id: share.id.clone(),
        label: share.label.clone(),
        page: page_of(&share.page)?,
        query: share.query.clone(),
        made_by: share.made_by.clone(),
        until: share.expires_at,
        now: match now {
            LinkNow::Open => SharedNow::Open,
            LinkNow::Expired => SharedNow::Expired,
            LinkNow::Revoked => SharedNow::Revoked,
            LinkNow::KeyGone => SharedNow::KeyGone,
        },
    })
}

#[cfg(test)]
mod tests {
    use dashboard::Page;

    use super::*;

    #[test]
    fn what_is_asked_stands_in_place_of_what_was_kept() {
        let view = |query: &str| KeptView {
            id: 1,
            name: "n".to_owned(),
            page: Page::Chat,
            query: query.to_owned(),
            made_by: None,
        };
        let check = |query: &str, asked: &[(&str, &str)], expect: &str| {
            let asked: Vec<(String, String)> =
                asked.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(href(&view(query), &asked), expect, "{query} {asked:?}");
        };
        check("", &[], "/chat");
        check("since=30d&channel=chat", &[], "/chat?since=30d&channel=chat");
        check("since=30d&channel=chat", &[("since", "7d")], "/chat?channel=chat&since=7d");
        check(
            "subject=a%26b&subject=c",
            &[("tz", "Europe/Berlin")],
            "/chat?subject=a%26b&subject=c&tz=Europe%2FBerlin",
        );
        check("subject=a&subject=b", &[("subject", "")], "/chat?subject=");
    }
}
