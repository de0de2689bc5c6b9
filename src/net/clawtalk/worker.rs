pub(super) async fn run(_link: crate::net::Link) {}
