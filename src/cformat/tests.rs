use super::*;
use proptest::prelude::*;

fn c(text: &str) -> Conversion {
    text.parse().unwrap()
}

/// `format|bits|text` lines printed by glibc's `snprintf`.
const GLIBC: &str = include_str!("glibc.txt");

#[test]
fn doubles_are_printed_as_glibc_prints_them() {
    let mut lines = 0;
    for line in GLIBC.lines() {
        let mut parts = line.splitn(3, '|');
        let (format, bits, expected) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
        assert_eq!(
            format_f64(&c(format), value),
            expected,
            "{format} of {value:e}"
        );
        lines += 1;
    }
    assert!(lines > 700, "the table is there");
}

#[test]
fn whole_numbers_take_flags_width_and_precision() {
    for (format, value, expected) in [
        ("%d", 0, "0"),
        ("%08d", -42, "-0000042"),
        ("%-6d", 42, "42    "),
        ("%+d", 42, "+42"),
        ("%.5d", -42, "-00042"),
        ("%8.3d", 7, "     007"),
        ("%.0d", 0, ""),
        ("%ld", i64::MIN, "-9223372036854775808"),
        ("%lld", i64::MAX, "9223372036854775807"),
        ("%5.1f", 3, "  3.0"),
        ("%s", 12, "12"),
    ] {
        assert_eq!(format_i64(&c(format), value), expected, "{format}");
    }
    assert_eq!(format_f64(&c("%d"), -3.9), "-3");
}

#[test]
fn texts_take_width_and_precision() {
    for (format, value, expected) in [
        ("%s", "Li", "Li"),
        ("%5s", "Li", "   Li"),
        ("%-5s", "Li", "Li   "),
        ("%.1s", "Li", "L"),
        ("%3.1s", "Åb", "  Å"),
        ("%d", "Li", "Li"),
    ] {
        assert_eq!(format_str(&c(format), value), expected, "{format}");
    }
}

#[test]
fn what_printf_does_not_know_is_an_error() {
    for wrong in [
        "", "%", "g", "%y", "%.3", "%g ", "%%", "%1.2.3f", "%99999f", "%.99999g", "%é",
    ] {
        assert!(wrong.parse::<Conversion>().is_err(), "{wrong}");
    }
}

#[test]
fn a_line_format_keeps_its_text_and_counts_its_values() {
    let line: LineFormat = "id %d%% of %-4s: %8.3f".parse().unwrap();
    assert_eq!(line.values(), 3);
    let mut out = Vec::new();
    line.write(&mut out, |c, i, out| match i {
        0 => c.write_i64(out, 7),
        1 => c.write_str(out, "Li"),
        _ => c.write_f64(out, -1.5),
    });
    assert_eq!(String::from_utf8(out).unwrap(), "id 7% of Li  :   -1.500");
    assert!("%d %q".parse::<LineFormat>().is_err());
    let spaced = LineFormat::spaced([c("%d"), c("%g")]);
    let mut out = Vec::new();
    spaced.write_f64s(&mut out, &[1.0, 0.25]);
    assert_eq!(out, b"1 0.25");
}

proptest! {
    #[test]
    fn the_fast_path_gives_the_digits_of_the_slow_one(
        mantissa in any::<u64>(), exponent in -40i32..40, count in 1usize..19,
    ) {
        let value = mantissa as f64 * 10f64.powi(exponent - 19);
        let mut slow = Vec::new();
        let first = digits::slow_significant(&mut slow, value, count);
        let mut expected = slow.clone();
        expected.insert(1, b'.');
        let text = format_f64(
            &Conversion { kind: Kind::Exponent, alternate: true, ..Conversion::general(count - 1) },
            value,
        );
        prop_assert!(text.starts_with(std::str::from_utf8(&expected).unwrap()), "{text} {value:e}");
        let sign = if first < 0 { '-' } else { '+' };
        let tail = format!("e{sign}{:02}", first.abs());
        prop_assert!(text.ends_with(&tail), "{text} {value:e}");
    }

    #[test]
    fn seventeen_digits_read_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            for format in ["%.17g", "%.16e", "%.17G"] {
                prop_assert_eq!(format_f64(&c(format), value).parse::<f64>().unwrap(), value);
            }
        }
    }

    #[test]
    fn any_text_is_a_format_or_an_error(text in ".{0,30}") {
        let _ = text.parse::<Conversion>();
        if let Ok(line) = text.parse::<LineFormat>() {
            let mut out = Vec::new();
            line.write_f64s(&mut out, &[1.0; 8]);
        }
    }
}

#[test]
fn shortest_numbers_are_those_of_fmt() {
    for (v, text) in [
        (42.0, "42"),
        (12.000000000000002, "12.000000000000002"),
        (-0.25, "-0.25"),
        (1e-5, "1e-05"),
        (0.0001, "0.0001"),
        (1.5e16, "1.5e+16"),
        (1e15, "1000000000000000"),
        (0.0, "0"),
    ] {
        assert_eq!(shortest(v), text);
    }
}
