//! Programs that fetch every link they see. A ping URL pasted into a chat must not become a beat.

use super::request::Request;

/// Words in the user agent of programs that only look at links; see each vendor's page on its robot.
/// Other agents are never refused: a browser may be how somebody pings.
const AGENTS: [&str; 11] = [
    "slackbot",
    "slack-imgproxy",
    "discordbot",
    "facebookexternalhit",
    "facebot",
    "telegrambot",
    "whatsapp",
    "twitterbot",
    "linkedinbot",
    "skypeuripreview",
    "microsoftpreview",
];

/// Whether this only looks at the link: answered with a yes, kept in the log, and no beat.
pub(crate) fn is_link_preview(request: &Request) -> bool {
    let reads = matches!(request.method, "GET" | "HEAD");
    let agent = request.header("user-agent").unwrap_or_default().to_ascii_lowercase();
    reads && AGENTS.iter().any(|known| agent.contains(known))
}
