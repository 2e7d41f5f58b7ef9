//! How large the terminal is, for what is drawn on it.

use std::io::IsTerminal;

/// Columns and rows of the terminal that stdout is; none where it is no terminal, or one that does
/// not say.
#[expect(unsafe_code, reason = "the ioctl is C")]
pub(crate) fn size() -> Option<(usize, usize)> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: this ioctl fills one `winsize`, which lives until after the call.
    let answer = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &mut size) };
    let (columns, rows) = (usize::from(size.ws_col), usize::from(size.ws_row));
    (answer == 0 && columns > 0 && rows > 0).then_some((columns, rows))
}
