//! The script language: grammar, syntax tree with spans, substitution, variables and formulas. Knows no physics.
