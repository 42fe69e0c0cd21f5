//! The router: the site's routes with access by token and the checks of every request.

use axum::{Router, middleware, routing::get};

use super::{app::App, audience, guard, routes};

/// Returns the site as a service.
pub(super) fn router(app: App) -> Router {
    routes::site_routes()
        .route("/t/{token}", get(audience::by_path))
        .route("/t/{token}/", get(audience::by_path))
        .route("/t/{token}/{*path}", get(audience::by_path))
        .layer(middleware::from_fn_with_state(app.clone(), audience::by_password))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
