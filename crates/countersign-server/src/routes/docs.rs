use std::fmt::Write as _;

use axum::{
    Router,
    response::{Html, IntoResponse},
    routing::get,
};
use http::header::CONTENT_TYPE;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::state::AppState;

/// Where the description is.
pub(super) const TEMPLATES: [&str; 2] = ["/openapi.json", "/docs"];

/// `/openapi.json`, and `/docs`: the same for people, without a script and without anything from elsewhere.
pub(super) fn router(description: &OpenApi) -> Router<AppState> {
    let json = serde_json::to_value(description).unwrap_or(Value::Null);
    let (text, page) = (json.to_string(), page(&json));
    Router::new()
        .route(TEMPLATES[0], get(async move || ([(CONTENT_TYPE, "application/json")], text.clone()).into_response()))
        .route(TEMPLATES[1], get(async move || Html(page.clone())))
        .route("/docs.css", get(async || ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("docs.css"))))
}

fn page(description: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Countersign: the API</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/docs.css\"></head><body>\
         <h1>Countersign</h1><p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a></p>",
    );
    for (path, methods) in members(&description["paths"]) {
        for (method, operation) in members(methods) {
            let _ = write!(
                page,
                "<section><h2><code>{} {}</code></h2><p>{}</p>",
                escaped(&method.to_uppercase()),
                escaped(path),
                escaped(operation["summary"].as_str().unwrap_or("")),
            );
            let fields = body_fields(description, operation);
            if !fields.is_empty() {
                let _ = write!(page, "<p>Takes {}</p>", fields.join(", "));
            }
            page.push_str("<dl>");
            for (status, answer) in members(&operation["responses"]) {
                let text = answer["description"].as_str().unwrap_or("");
                let _ = write!(page, "<dt>{}</dt><dd>{}</dd>", escaped(status), escaped(text));
            }
            page.push_str("</dl></section>");
        }
    }
    page.push_str("</body></html>");
    page
}

/// The fields of an operation's body, those that have to be there first.
fn body_fields(description: &Value, operation: &Value) -> Vec<String> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let schema = match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        Some(name) => &description["components"]["schemas"][name],
        None => schema,
    };
    // One form, or several of which a body is one: a field has to be there if each of them says so.
    let forms = schema["oneOf"].as_array().map_or_else(|| vec![schema], |forms| forms.iter().collect());
    let says =
        |form: &Value, name: &str| form["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let required = |name: &str| forms.iter().all(|form| says(form, name));
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in forms.iter().flat_map(|form| members(&form["properties"])) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| !required(name));
    names
        .into_iter()
        .map(|name| format!("<code>{}</code>{}", escaped(name), if required(name) { "" } else { " (optional)" }))
        .collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
