//! QR pictures of links, for phones to take from a screen.
//!
//! ISO/IEC 18004; level M of error correction, which forgives 15 % of the picture. The picture is
//! an SVG with a quiet zone of four modules, black on white also where the page is dark: cameras
//! expect it.

use std::fmt::Write;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use qrcode::{Color, EcLevel, QrCode};

use super::etag;

/// Modules of white around the code, as the standard asks.
const QUIET: usize = 4;

/// The picture of `link`, which is also its title.
///
/// # Panics
///
/// If `link` is longer than a code holds, 2,331 bytes: links of ours have less than 300.
#[must_use]
pub fn svg(link: &str) -> String {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).expect("a link of ours fits");
    let width = code.width();
    let size = width + 2 * QUIET;
    let mut path = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let _ = write!(path, "M{} {}h1v1h-1z", n % width + QUIET, n / width + QUIET);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" \
         shape-rendering=\"crispEdges\"><title>{}</title><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/>\
         <path d=\"{path}\"/></svg>",
        link.replace('&', "&amp;").replace('<', "&lt;"),
    )
}

/// Answers with the picture of `link`, or 304 if the caller has it.
#[must_use]
pub fn answer(req: &HttpRequest, link: &str) -> HttpResponse {
    let bytes = Bytes::from(svg(link));
    let tag = etag::of_bytes(&bytes);
    let known = etag::is_known(req, &tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(header::ETag(tag));
    answer.insert_header((header::CACHE_CONTROL, "no-cache"));
    if known { answer.finish() } else { answer.content_type("image/svg+xml").body(bytes) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a camera reads from `svg`.
    pub(crate) fn read(svg: &str) -> String {
        const SCALE: usize = 4;
        let (_, size) = svg.split_once("viewBox=\"0 0 ").unwrap();
        let size: usize = size.split(' ').next().unwrap().parse().unwrap();
        let dark: std::collections::BTreeSet<(usize, usize)> = svg
            .split('M')
            .filter_map(|step| step.split_once("h1v1h-1z"))
            .filter_map(|(at, _)| at.split_once(' '))
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let shade = |x: usize, y: usize| {
            if dark.contains(&(x / SCALE, y / SCALE)) { 0 } else { 255 }
        };
        let edge = size * SCALE;
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(edge, edge, shade);
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "one code is in the picture");
        codes[0].decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_the_link_from_the_picture() {
        for link in ["http://192.168.1.20:8080/showings/0190c7e2-0000-7000-8000-000000000000", "x"]
        {
            assert_eq!(read(&svg(link)), link);
        }
    }
}
