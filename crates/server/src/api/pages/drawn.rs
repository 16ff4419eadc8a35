//! From a page's URL to its reports, and from those to the page.

use axum::extract::Query;
use axum::http::{StatusCode, header};
use axum::response::Response;
use dashboard::{Context, FilterKind, PAGE_PARTS_MAX, Page, View, Wrong};
use report::{Contents, Report, ReportName, ReportRequest, RequestError};
use serde_json::json;

use super::demo_data;
use super::standing::standing;
use super::told::{HTML, LIVE_POLICY, unreadable_query};
use crate::api::kept::annotated::annotate;
use crate::api::kept::listed::kept_views;
use crate::api::openapi::{parts, problems};
use crate::api::ready::KEPT_UNUSABLE;
use crate::api::{index, report as reports, rows};
use crate::app::access::principal::Principal;
use crate::app::backend::{Backend, QueryFailure};
use crate::app::call::{Call, Outcome};
use crate::app::operation::Operation;
use crate::app::state::AppState;
use crate::http::problem::{Code, Problem};

/// How a page is made.
pub(in crate::api) struct Drawn {
    pub(super) page: Page,
    /// What it is drawn from, in this order.
    pub(super) reports: &'static [Wanted],
    /// `None` if these aren't the reports that were wanted.
    pub(super) draw: fn(&Context<'_>, &[Option<Report>]) -> Option<String>,
}

/// A report that a page is drawn from.
pub(super) struct Wanted {
    pub(super) name: ReportName,
    /// Parameters that are so whatever the URL says.
    pub(super) set: &'static [(&'static str, &'static str)],
    /// Parameters of a URL without them.
    pub(super) absent: &'static [(&'static str, &'static str)],
    /// Its numbers that the page shows; `None` for all. Others aren't looked for.
    pub(super) shown: Option<&'static Contents>,
    /// Whether there is no page without it: another one is left out where it can't be made for this span.
    pub(super) is_needed: bool,
    /// Filters that it is left out with.
    pub(super) not_with: &'static [FilterKind],
}

impl Wanted {
    pub(super) const fn report(name: ReportName) -> Wanted {
        Wanted { name, set: &[], absent: &[], shown: None, is_needed: true, not_with: &[] }
    }

    fn request<B: Backend>(&self, state: &AppState<B>, view: &View, now: i64) -> Result<Asked, RequestError> {
        let is_set = |name: &str| self.set.iter().any(|(set, _)| *set == name);
        let written = || view.parameters().filter(|(name, _)| !is_set(name));
        let absent = || self.absent.iter().copied().filter(|(name, _)| written().all(|(written, _)| written != *name));
        let parameters = || written().chain(self.set.iter().copied()).chain(absent());
        let zone = state.options.time_zone;
        let mut request = ReportRequest::parse(self.name.name(), parameters(), zone, now)?;
        let mut note = None;
        // A link that was made for a week may be opened when its month has grown: better other parts than no page.
        if request.parts() > PAGE_PARTS_MAX && view.parameters().any(|(name, _)| name == "by") {
            let written = request.divided_by();
            let parameters = parameters().filter(|(name, _)| *name != "by");
            request = ReportRequest::parse(self.name.name(), parameters, zone, now)?;
            note = Some(format!(
                "A page draws {PAGE_PARTS_MAX} parts of a period at most, so this one is divided by {} and not by {written}; as CSV, JSON or a workbook the report has all parts.",
                request.divided_by()
            ));
        }
        let request = match self.shown {
            Some(shown) => request.with(shown),
            None => request,
        };
        Ok(Asked { request, note })
    }
}

/// What is asked for a page.
struct Asked {
    request: ReportRequest,
    /// How it differs from what the URL says, as a sentence.
    note: Option<String>,
}

impl Drawn {
    /// Whether the page can be drawn with what a URL says.
    ///
    /// # Errors
    /// Why not, in the words of its reports.
    pub(in crate::api) fn check<B: Backend>(
        &self,
        state: &AppState<B>,
        view: &View,
        now: i64,
    ) -> Result<(), RequestError> {
        self.reports
            .iter()
            .filter(|wanted| wanted.is_needed)
            .try_for_each(|wanted| wanted.request(state, view, now).map(drop))
    }
}

/// Answers with a page.
pub(super) async fn show<B: Backend>(state: &AppState<B>, call: Call, drawn: &Drawn) -> Outcome {
    let Call { head, principal, .. } = call;
    let Query(parameters): Query<Vec<(String, String)>> =
        Query::try_from_uri(&head.uri).map_err(|_| unreadable_query())?;
    let view = View::parse(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let kept = kept_views(state).await;
    let now = state.backend.now_micros();
    let demo = if drawn.page == Page::Overview { demo_data::told(state, &principal) } else { None };
    let context = Context {
        page: drawn.page,
        view: &view,
        now,
        origin: &index::origin(&head),
        is_signed_in: is_signed_in(&principal),
        kept: kept.as_deref(),
        standing: None,
        demo: demo.as_ref(),
        shared: None,
        is_file: false,
    };
    draw(state, &context, drawn).await
}

/// The same with all that a page is drawn by.
pub(super) async fn draw<B: Backend>(state: &AppState<B>, context: &Context<'_>, drawn: &Drawn) -> Outcome {
    let mut requests = Vec::new();
    let mut remarks = Vec::new();
    let mut is_asked = vec![false; drawn.reports.len()];
    for (wanted, is_asked) in drawn.reports.iter().zip(&mut is_asked) {
        match wanted.request(state, context.view, context.now) {
            Ok(_) if context.view.is_filtered_by(wanted.not_with) => {}
            Ok(Asked { request, note }) => {
                requests.push(request);
                remarks.push(note);
                *is_asked = true;
            }
            Err(_) if !wanted.is_needed => {}
            Err(error) => {
                let page = dashboard::wrong(context, Wrong::Asked, &error.to_string());
                return html(state, StatusCode::BAD_REQUEST, page);
            }
        }
    }
    let _slot = state.report_slots.try_acquire().map_err(|_| rows::busy())?;
    // How the server stands is for those who may read everything.
    let is_told = drawn.page == Page::Quality && context.shared.is_none();
    let standing = async { if is_told { Some(standing(state, context.view).await) } else { None } };
    let (made, standing) = tokio::join!(state.backend.reports(&requests, rows::limits(state)), standing);
    let context = &Context { standing: standing.as_ref(), ..*context };
    let mut made = match made {
        Ok(made) => made,
        Err(QueryFailure::Limit(message)) => {
            let page = dashboard::wrong(context, Wrong::Asked, &message);
            return html(state, StatusCode::UNPROCESSABLE_ENTITY, page);
        }
        Err(failure) => return Err(rows::problem(failure)),
    };
    for (report, remark) in made.iter_mut().zip(remarks) {
        report.notes.extend(remark);
    }
    // Notes and mails are for those who may read everything.
    if context.shared.is_none() {
        annotate(state, &mut made).await;
        if let (Page::Quality, Some(report)) = (drawn.page, made.first_mut()) {
            report
                .notes
                .extend(state.options.state_trouble.iter().map(|trouble| format!("{KEPT_UNUSABLE}: {trouble}.")));
            report.notes.extend(state.backend.mail_trouble().iter().map(|trouble| format!("Mail: {trouble}.")));
        }
    }
    let mut made = made.into_iter();
    let reports: Vec<Option<Report>> =
        is_asked.into_iter().map(|is_asked| if is_asked { made.next() } else { None }).collect();
    let page = (drawn.draw)(context, &reports)
        .ok_or_else(|| Problem::internal("other reports than were asked for".to_owned()))?;
    html(state, StatusCode::OK, page)
}

/// A page, if there is room for it.
pub(super) fn html<B>(state: &AppState<B>, status: StatusCode, page: String) -> Result<Response, Problem> {
    let mut response = rows::written_as(state, page.into_bytes(), HTML)?;
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, LIVE_POLICY);
    Ok(response)
}

/// Whether there is a session to end.
pub(super) fn is_signed_in(principal: &Principal) -> bool {
    matches!(principal, Principal::Session(_))
}

/// What the pages have in common in the OpenAPI document.
pub(super) fn operation(id: &'static str) -> Operation {
    Operation {
        id,
        parameters: reports::query_parameters().filter(|parameter| parameter["name"] != "format").collect(),
        success: parts::success(
            "The page. What is wrong with a parameter is said on a page, too.",
            json!({ "text/html": {} }),
        ),
        problems: [problems::QUERYING, &[Code::QueryInvalid, Code::SummariesPending, Code::Internal, Code::Overloaded]]
            .concat(),
        ..Operation::default()
    }
}
