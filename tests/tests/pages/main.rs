//! The pages of the reference server in headless Chromium: the codes come from `oathtool`, the camera is `zbarimg`.

mod account;
mod every_page;
mod flow;
mod forms;
mod no_scripts;
mod optional;
