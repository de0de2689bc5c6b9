//! Makes a PNG of an SVG, with fonts of this repository and no others.
//!
//! The bytes may differ from machine to machine, so each PNG says of which SVG it was made.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use sha2::{Digest as _, Sha256};

/// The text chunk that names the SVG.
const SOURCE: &str = "Source";

static FONTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    ["DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"]
        .map(|name| fs::read(fonts().join(name)).unwrap())
        .to_vec()
});

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut database = Database::new();
    for font in FONTS.iter() {
        database.load_font_data(font.clone());
    }
    Options {
        fontdb: Arc::new(database),
        ..Options::default()
    }
});

fn fonts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/font")
}

/// Returns what a PNG is made of: the digest of the SVG and of the fonts.
pub(crate) fn source(svg: &str) -> String {
    let mut digest = Sha256::new();
    for font in FONTS.iter() {
        digest.update(font);
    }
    digest.update(svg);
    let hex = digest
        .finalize()
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("sha256 of fonts and svg: {hex}")
}

/// Returns what the PNG in a file was made of; `None` where there is no such PNG.
pub(crate) fn source_of(path: &Path) -> Option<String> {
    let file = std::io::BufReader::new(fs::File::open(path).ok()?);
    let reader = png::Decoder::new(file).read_info().ok()?;
    let chunks = &reader.info().uncompressed_latin1_text;
    let chunk = chunks.iter().find(|chunk| chunk.keyword == SOURCE)?;
    Some(chunk.text.clone())
}

/// Draws an SVG and writes it as a PNG.
pub(crate) fn write(svg: &str, path: &Path) {
    let tree = Tree::from_str(svg, &OPTIONS).unwrap();
    let size = tree.size().to_int_size();
    let mut pixmap = Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    let pixels: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let colour = pixel.demultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        })
        .collect();
    let file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, size.width(), size.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder
        .add_text_chunk(SOURCE.to_owned(), source(svg))
        .unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
}
