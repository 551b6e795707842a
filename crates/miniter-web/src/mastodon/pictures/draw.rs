//! Identicons: a pattern of squares, the same on the left and on the right, whose form and colour follow from a name.

use png::{BitDepth, ColorType, Encoder, EncodingError};

/// Squares of a pattern in each direction.
const SQUARES: u32 = 5;

/// The columns of a pattern that differ: the others mirror them.
const COLUMNS: u32 = SQUARES.div_ceil(2);

/// Red, green and blue.
type Colour = [u8; 3];

const WHITE: Colour = [0xf6, 0xf7, 0xf9];

/// Colours that differ from one another and from white, to those too who do not see red or green.
const COLOURS: [Colour; 8] = [
    [0x33, 0x66, 0xcc],
    [0xd6, 0x5c, 0x00],
    [0x00, 0x80, 0x80],
    [0x99, 0x33, 0x99],
    [0x5c, 0x7a, 0x00],
    [0xcc, 0x33, 0x66],
    [0x4d, 0x4d, 0x99],
    [0x80, 0x5a, 0x33],
];

/// The picture of an account, of 240 by 240 pixels.
pub(super) fn avatar(name: &str) -> Result<Vec<u8>, EncodingError> {
    Pattern::of(name).draw(240, 240, 40)
}

/// The header of an account: 3 by 1, and one colour.
pub(super) fn header() -> Result<Vec<u8>, EncodingError> {
    encode(600, 200, [WHITE, WHITE], |_, _| false)
}

/// The picture of a server, of 1200 by 630 pixels: what pages show that link to it.
pub(super) fn thumbnail(host: &str) -> Result<Vec<u8>, EncodingError> {
    Pattern::of(host).draw(1200, 630, 90)
}

/// The icon of a server, of 192 by 192 pixels.
pub(super) fn icon(host: &str) -> Result<Vec<u8>, EncodingError> {
    Pattern::of(host).draw(192, 192, 32)
}

/// Which squares are filled, and in which colour.
struct Pattern {
    /// A bit for each square of the columns that differ.
    squares: u64,
    colour: Colour,
}

impl Pattern {
    fn of(name: &str) -> Self {
        let hash = hash(name.as_bytes());
        let (squares, rest) = (hash & ((1 << (SQUARES * COLUMNS)) - 1), hash >> 32);
        let colour = usize::try_from(rest).unwrap_or(0) % COLOURS.len();
        Self { squares, colour: COLOURS[colour] }
    }

    /// Draws it in the middle of a picture, each square of so many pixels.
    fn draw(&self, width: u32, height: u32, square: u32) -> Result<Vec<u8>, EncodingError> {
        let (left, top) = ((width - SQUARES * square) / 2, (height - SQUARES * square) / 2);
        encode(width, height, [WHITE, self.colour], |x, y| {
            let inside =
                |at: u32, start: u32| at.checked_sub(start).map(|at| at / square).filter(|at| *at < SQUARES);
            match (inside(x, left), inside(y, top)) {
                (Some(column), Some(row)) => self.is_filled(column, row),
                _ => false,
            }
        })
    }

    fn is_filled(&self, column: u32, row: u32) -> bool {
        let column = column.min(SQUARES - 1 - column);
        self.squares >> (row * COLUMNS + column) & 1 == 1
    }
}

/// FNV-1a, and then the mixing of `splitmix64`: names that differ in one digit have patterns that differ much.
fn hash(name: &[u8]) -> u64 {
    let fnv = name.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (fnv ^ (fnv >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A PNG of two colours, one bit a pixel. `is_second` tells which pixels have the second one.
fn encode(
    width: u32,
    height: u32,
    colours: [Colour; 2],
    is_second: impl Fn(u32, u32) -> bool,
) -> Result<Vec<u8>, EncodingError> {
    let mut pixels = Vec::with_capacity((width.div_ceil(8) * height) as usize);
    for y in 0..height {
        for byte in 0..width.div_ceil(8) {
            let bit = |x: u32| u8::from(x < width && is_second(x, y));
            pixels.push((0..8).fold(0, |bits, offset| bits << 1 | bit(byte * 8 + offset)));
        }
    }
    let mut picture = Vec::new();
    let mut encoder = Encoder::new(&mut picture, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::One);
    encoder.set_palette(colours.concat());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::Cursor;

    use super::*;

    /// The pixels of a picture, as RGB.
    fn decode(picture: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(Cursor::new(picture));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_picture_is_small_symmetrical_and_always_the_same() {
        for (picture, again, size) in [
            (avatar("1"), avatar("1"), (240, 240)),
            (header(), header(), (600, 200)),
            (thumbnail("example.com"), thumbnail("example.com"), (1200, 630)),
            (icon("example.com"), icon("example.com"), (192, 192)),
        ] {
            let picture = picture.unwrap();
            assert_eq!(picture, again.unwrap());
            assert!(picture.len() < 4_096, "{}", picture.len());
            let (width, height, pixels) = decode(&picture);
            assert_eq!((width, height), size);
            for row in pixels.chunks(width as usize * 3) {
                let row: Vec<_> = row.chunks(3).collect();
                assert!(row.iter().eq(row.iter().rev()));
            }
        }
    }

    #[test]
    fn accounts_have_pictures_of_their_own() {
        let pictures: HashSet<_> = (1..=500).map(|id: u32| avatar(&id.to_string()).unwrap()).collect();
        assert!(pictures.len() > 490, "{}", pictures.len());
    }

    #[test]
    fn a_pattern_is_neither_empty_nor_full() {
        for id in 1..=500 {
            let squares = Pattern::of(&id.to_string()).squares.count_ones();
            assert!((1..SQUARES * COLUMNS).contains(&squares), "{id}");
        }
    }
}
