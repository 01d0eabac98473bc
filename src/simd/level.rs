//! The set of vector instructions that a run uses.

use std::sync::OnceLock;

/// Instruction set of the kernels, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 512-bit vectors (AVX-512 F, DQ, BW, VL).
    Avx512,
    /// 256-bit vectors with fused multiply-add.
    Avx2Fma,
    /// What every processor has.
    Portable,
}

impl Level {
    /// Level of this run: the best one of the processor, or a lower one named by the environment
    /// variable `ARGYRO_SIMD` (`avx512`, `avx2`, `portable`). Decided once.
    pub fn detect() -> Level {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let asked = std::env::var("ARGYRO_SIMD").unwrap_or_default();
            match asked.as_str() {
                "portable" => Level::Portable,
                "avx2" => Level::Avx2Fma.available(),
                _ => Level::Avx512.available(),
            }
        })
    }

    /// This level, or the best lower one that the processor has.
    pub fn available(self) -> Level {
        match self {
            Level::Avx512 if has_avx512() => Level::Avx512,
            Level::Avx512 | Level::Avx2Fma if has_avx2() => Level::Avx2Fma,
            _ => Level::Portable,
        }
    }

    /// Name as the log writes it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Avx512 => "avx512",
            Level::Avx2Fma => "avx2+fma",
            Level::Portable => "portable",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx2() -> bool {
    false
}
