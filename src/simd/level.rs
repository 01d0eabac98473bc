//! The set of vector instructions that a run uses.

use std::sync::OnceLock;

/// Instruction set, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// 512-bit vectors (AVX-512 F, DQ, BW, VL).
    Avx512,
    /// 256-bit vectors with fused multiply-add.
    Avx2Fma,
    /// What every processor has.
    Portable,
}

/// Instruction set of the kernels. Invariant: the processor has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(Instructions);

impl Level {
    /// Level of this run: the best one of the processor, or a lower one named by the environment
    /// variable `ARGYRO_SIMD` (`avx512`, `avx2`, `portable`). Decided once.
    pub fn detect() -> Level {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let asked = std::env::var("ARGYRO_SIMD").unwrap_or_default();
            Level::at_most(match asked.as_str() {
                "portable" => Instructions::Portable,
                "avx2" => Instructions::Avx2Fma,
                _ => Instructions::Avx512,
            })
        })
    }

    /// The best level up to `wanted` that the processor has.
    pub fn at_most(wanted: Instructions) -> Level {
        Level(match wanted {
            Instructions::Avx512 if has_avx512() => Instructions::Avx512,
            Instructions::Avx512 | Instructions::Avx2Fma if has_avx2() => Instructions::Avx2Fma,
            _ => Instructions::Portable,
        })
    }

    /// All levels that the processor has, best first.
    pub fn all() -> Vec<Level> {
        use Instructions::{Avx2Fma, Avx512, Portable};
        let mut all: Vec<Level> = [Avx512, Avx2Fma, Portable].map(Level::at_most).to_vec();
        all.dedup();
        all
    }

    /// The portable level.
    pub const PORTABLE: Level = Level(Instructions::Portable);

    /// The instructions.
    #[inline(always)]
    pub fn instructions(self) -> Instructions {
        self.0
    }

    /// Name as the log writes it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Avx512 => "avx512",
            Instructions::Avx2Fma => "avx2+fma",
            Instructions::Portable => "portable",
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
