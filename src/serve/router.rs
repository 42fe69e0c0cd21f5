//! The router: the site's routes with access by token and the checks of every request.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, Uri},
    middleware,
    routing::{get, post},
};
use tower::ServiceExt as _;

use super::{app::App, audience, guard, hub, routes, websub};
use crate::site::HUB_PATH;

impl App {
    /// Answers a request as [`serve()`](super::serve()) does, without a connection.
    pub async fn respond(&self, request: Request) -> Response<Body> {
        let Ok(response) = router(self.clone()).oneshot(request).await;
        response
    }
}

/// Returns the site as a service.
pub(super) fn router(app: App) -> Router {
    let site = routes::site_routes()
        .route(HUB_PATH, post(hub::request))
        .route("/websub/{token}", get(websub::notice).post(websub::push))
        .route("/t/{token}", get(audience::by_path))
        .route("/t/{token}/", get(audience::by_path))
        .route("/t/{token}/{*path}", get(audience::by_path))
        .layer(middleware::from_fn_with_state(app.clone(), audience::by_password))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app.clone());
    // The path is changed before the site's router reads it.
    Router::new()
        .fallback_service(site)
        .layer(middleware::map_request_with_state(app, below_base_path))
}

/// Removes the path of `base_url` from a request, if a proxy left it there.
async fn below_base_path(State(app): State<App>, mut request: Request) -> Request {
    let settings = app.settings();
    let uri = request.uri();
    if let Some(path) = settings.addresses().below_prefix(uri.path()) {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(below) = format!("{path}{query}").parse::<Uri>() {
            *request.uri_mut() = below;
        }
    }
    request
}
