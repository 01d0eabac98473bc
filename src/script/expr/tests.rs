use super::*;
use crate::error::{Error, Result as HostResult};
use crate::script::ast::Word;
use crate::script::error::{Result, ScriptError};
use crate::script::variables::Variables;
use std::collections::HashMap;

/// Three atoms with IDs 10, 20, 30, a few computes, and a clock.
struct Host {
    clock: Clock,
    outputs: HashMap<String, Vec<OutputValues>>,
    calls: Vec<GroupCall>,
}

impl Default for Host {
    fn default() -> Self {
        let outputs = [
            ("c_temp", vec![OutputValues::Scalar(300.0)]),
            (
                "c_press",
                vec![
                    OutputValues::Scalar(1.0),
                    OutputValues::Vector(vec![1.5, 2.5, 3.5]),
                ],
            ),
            (
                "f_rdf",
                vec![OutputValues::Array {
                    columns: 2,
                    values: vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0],
                }],
            ),
            ("c_pe", vec![OutputValues::PerAtom(vec![-1.0, -2.0, -3.0])]),
            (
                "f_stress",
                vec![OutputValues::PerAtomArray {
                    columns: 2,
                    values: vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0],
                }],
            ),
        ];
        Self {
            clock: Clock::default(),
            outputs: outputs
                .into_iter()
                .map(|(k, v)| (k.to_string(), v))
                .collect(),
            calls: Vec::new(),
        }
    }
}

fn key(source: OutputSource, id: &str) -> String {
    match source {
        OutputSource::Compute => format!("c_{id}"),
        OutputSource::Fix => format!("f_{id}"),
    }
}

fn describe(values: &OutputValues) -> Provides {
    let none = Provides::default();
    match values {
        OutputValues::Scalar(_) => Provides {
            scalar: true,
            ..none
        },
        OutputValues::Vector(_) => Provides {
            vector: true,
            ..none
        },
        OutputValues::Array { .. } => Provides {
            array: true,
            ..none
        },
        OutputValues::PerAtom(_) => Provides {
            per_atom_vector: true,
            ..none
        },
        OutputValues::PerAtomArray { .. } => Provides {
            per_atom_array: true,
            ..none
        },
    }
}

impl FormulaHost for Host {
    fn keyword(&mut self, word: &str) -> HostResult<Option<f64>> {
        Ok(match word {
            "temp" => Some(1.25),
            "vol" => Some(8.0),
            _ => None,
        })
    }
    fn keywords(&self) -> Vec<&'static str> {
        vec!["temp", "vol", "press"]
    }
    fn clock(&self) -> Clock {
        self.clock
    }
    fn atom_count(&self) -> HostResult<usize> {
        Ok(3)
    }
    fn atom_index(&self, id: usize) -> HostResult<Option<usize>> {
        if id > 30 {
            return Err(Error::input("Variable atom ID is too large"));
        }
        Ok(id.is_multiple_of(10).then(|| id / 10 - 1))
    }
    fn atoms(&mut self, property: AtomProperty) -> HostResult<Vec<f64>> {
        Ok(match property {
            AtomProperty::Id => vec![10.0, 20.0, 30.0],
            AtomProperty::X(axis) => (0..3).map(|i| (i * 10 + axis) as f64).collect(),
            AtomProperty::V(_) => vec![3.0, 0.0, -4.0],
            AtomProperty::Charge => return Err(Error::input("atoms have no charge")),
            _ => vec![2.0; 3],
        })
    }
    fn custom(
        &mut self,
        name: &str,
        integer: bool,
        column: Option<usize>,
    ) -> HostResult<Option<Vec<f64>>> {
        Ok((name == "flag").then(|| {
            vec![
                f64::from(u8::from(integer)),
                column.unwrap_or(0) as f64,
                7.0,
            ]
        }))
    }
    fn provides(&mut self, source: OutputSource, id: &str) -> HostResult<Provides> {
        let Some(all) = self.outputs.get(&key(source, id)) else {
            return Err(Error::input(format!(
                "Invalid {} ID '{id}' in variable formula",
                source.word()
            )));
        };
        Ok(all
            .iter()
            .map(describe)
            .fold(Provides::default(), |a, b| Provides {
                scalar: a.scalar | b.scalar,
                vector: a.vector | b.vector,
                array: a.array | b.array,
                per_atom_vector: a.per_atom_vector | b.per_atom_vector,
                per_atom_array: a.per_atom_array | b.per_atom_array,
            }))
    }
    fn output(
        &mut self,
        source: OutputSource,
        id: &str,
        what: Provides,
    ) -> HostResult<OutputValues> {
        let found = self.outputs[&key(source, id)]
            .iter()
            .find(|v| describe(v) == what);
        Ok(found.expect("asked for what is provided").clone())
    }
    fn group_function(&mut self, call: &GroupCall) -> HostResult<f64> {
        self.calls.push(call.clone());
        Ok(self.calls.len() as f64)
    }
    fn group_mask(&mut self, _: &str) -> HostResult<Vec<bool>> {
        Ok(vec![true, false, true])
    }
    fn region_mask(&mut self, _: &str) -> HostResult<Vec<bool>> {
        Ok(vec![false, false, true])
    }
    fn is_defined(&mut self, category: &str, id: &str) -> HostResult<bool> {
        Ok(category == "group" && id == "li")
    }
    fn setting(&mut self, name: &str) -> HostResult<Option<f64>> {
        Ok((name == "natoms").then_some(3.0))
    }
    fn label_to_type(&mut self, _: &str, label: &str) -> HostResult<Option<usize>> {
        Ok((label == "Li").then_some(1))
    }
    fn timed_out(&self) -> bool {
        true
    }
}

fn define(variables: &Variables, words: &[&str]) {
    let words: Vec<Word> = words.iter().map(|w| Word::plain(w)).collect();
    variables.define(&words, &mut Host::default()).unwrap();
}

fn variables() -> Variables {
    let v = Variables::default();
    define(&v, &["i", "index", "20"]);
    define(&v, &["two", "equal", "2"]);
    define(&v, &["vec", "vector", "[4,5,6]"]);
    define(&v, &["per", "atom", "x*2"]);
    define(&v, &["word", "string", "abc"]);
    v
}

fn evaluate(text: &str, target: Target, mask: Option<&[bool]>, host: &mut Host) -> Result<Value> {
    let formula = Formula::parse(text)?;
    Evaluation::new(&variables(), host, target, mask).run(&formula)
}

fn number(text: &str) -> f64 {
    match evaluate(text, Target::Equal, None, &mut Host::default()) {
        Ok(Value::Scalar(x)) => x,
        other => panic!("{text}: {other:?}"),
    }
}

fn list(text: &str, target: Target) -> Vec<f64> {
    match evaluate(text, target, None, &mut Host::default()) {
        Ok(Value::List(x)) => x,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> ScriptError {
    evaluate(text, Target::Equal, None, &mut Host::default()).expect_err(text)
}

#[test]
fn every_math_function_has_its_value() {
    for (text, expected) in [
        ("sqrt(2.25)", 1.5),
        ("exp(1)", std::f64::consts::E),
        ("ln(exp(3))", 3.0),
        ("log(1000)", 3.0),
        ("abs(-3.25)", 3.25),
        ("sign(-2)", -1.0),
        ("sign(0)", 1.0),
        ("sin(PI/6)", 0.5),
        ("cos(PI/3)", 0.5),
        ("tan(PI/4)", 1.0),
        ("asin(0.5)", std::f64::consts::FRAC_PI_6),
        ("acos(0.5)", std::f64::consts::FRAC_PI_3),
        ("atan(1)", std::f64::consts::FRAC_PI_4),
        ("atan2(1,-1)", 0.75 * std::f64::consts::PI),
        ("ceil(2.1)", 3.0),
        ("floor(-2.5)", -3.0),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -2.0),
        ("ternary(0,1/0,7)", 7.0),
        ("ternary(3>2,1,1/0)", 1.0),
        ("temp*vol", 10.0),
        ("x[20]+y[v_i]", 10.0 + 11.0),
        ("x[15]", 0.0),
        ("id[30]", 30.0),
        ("c_temp", 300.0),
        ("c_press[2]", 2.5),
        ("f_rdf[3][2]", 30.0),
        ("C_pe[20]", -2.0),
        ("c_pe[20]", -2.0),
        ("F_stress[30][2]", 6.0),
        ("v_vec[2]*v_two", 10.0),
        ("v_per[30]", 40.0),
        ("v_i", 20.0),
        ("i_flag[10]", 1.0),
        ("d2_flag[20][2]", 2.0),
        ("sum(v_vec)", 15.0),
        ("min(c_press)+max(c_press)", 5.0),
        ("ave(f_rdf[2])", 20.0),
        ("trap(f_rdf[1])", 4.0),
        ("slope(f_rdf[2])", 10.0),
        ("is_defined(group,li)+is_defined(variable,two)", 2.0),
        ("is_defined(group,p)", 0.0),
        ("extract_setting(natoms)", 3.0),
        ("label2type(atom,Li)", 1.0),
        ("is_typelabel(atom,P)", 0.0),
        ("is_timeout()", 1.0),
        ("is_file(/surely/not/here)", 0.0),
    ] {
        let got = number(text);
        assert!(
            (got - expected).abs() <= 1e-15 * expected.abs(),
            "{text}: {got} is not {expected}"
        );
    }
}

/// Columns as LAMMPS 22 Jul 2025 prints them at these steps (N: no further step):
/// step, stagger(1000,100), logfreq(100,4,10), logfreq2(100,18,10), logfreq3(10,25,1e6),
/// logfreq3(1,20,4e5), stride(1000,2000,100), stride(5,17,3), stride2(1000,2000,100,1350,1360,1),
/// stride2(1000,2000,100,1350,1360,3), logfreq2(3,7,2), stride2(0,2000,100,1350,1360,7)
const SEQUENCES: &str = "
0 100 100 100 10 1 1000 5 1000 1000 3 100
1 100 100 100 10 2 1000 5 1000 1000 3 100
9 100 100 100 10 16 1000 11 1000 1000 10 100
10 100 100 100 17 16 1000 11 1000 1000 11 100
11 100 100 100 17 16 1000 14 1000 1000 12 100
12 100 100 100 17 16 1000 14 1000 1000 13 100
13 100 100 100 17 16 1000 14 1000 1000 14 100
14 100 100 100 17 16 1000 17 1000 1000 16 100
15 100 100 100 17 16 1000 17 1000 1000 16 100
27 100 100 100 43 30 1000 N 1000 1000 28 100
50 100 100 100 69 59 1000 N 1000 1000 55 100
99 100 100 100 111 116 1000 N 1000 1000 110 100
100 1000 200 150 111 116 1000 N 1000 1000 110 200
101 1000 200 150 111 116 1000 N 1000 1000 110 200
149 1000 200 150 178 229 1000 N 1000 1000 151 200
150 1000 200 200 178 229 1000 N 1000 1000 151 200
384 1000 400 400 465 451 1000 N 1000 1000 385 400
465 1000 1000 500 750 889 1000 N 1000 1000 494 500
826 1000 1000 850 1212 889 1000 N 1000 1000 878 900
999 1000 1000 1000 1212 1752 1000 N 1000 1000 1098 1000
1000 1100 2000 1500 1212 1752 1100 N 1100 1100 1098 1100
1001 1100 2000 1500 1212 1752 1100 N 1100 1100 1098 1100
1099 1100 2000 1500 1212 1752 1100 N 1100 1100 1207 1100
1100 2000 2000 1500 1212 1752 1200 N 1200 1200 1207 1200
1349 2000 2000 1500 1958 1752 1400 N 1350 1350 1427 1350
1350 2000 2000 1500 1958 1752 1400 N 1351 1353 1427 1357
1351 2000 2000 1500 1958 1752 1400 N 1352 1353 1427 1357
1359 2000 2000 1500 1958 1752 1400 N 1360 1400 1427 1400
1360 2000 2000 1500 1958 1752 1400 N 1400 1400 1427 1400
1399 2000 2000 1500 1958 1752 1400 N 1400 1400 1427 1400
1950 2000 2000 2000 1958 3453 2000 N 2000 2000 1975 2000
2000 2100 3000 2500 3163 3453 N N N N 2195 N
2001 2100 3000 2500 3163 3453 N N N N 2195 N
5000 5100 10000 5500 5109 6808 N N N N 5267 N
9999 10000 10000 10000 13336 13423 N N N N 10533 N
10000 10100 20000 15000 13336 13423 N N N N 10533 N
123456 124000 200000 150000 146780 202869 N N N N 126391 N
";

#[test]
fn sequences_of_steps_agree_with_lammps() {
    let formulas = [
        "stagger(1000,100)",
        "logfreq(100,4,10)",
        "logfreq2(100,18,10)",
        "logfreq3(10,25,1e6)",
        "logfreq3(1,20,4e5)",
        "stride(1000,2000,100)",
        "stride(5,17,3)",
        "stride2(1000,2000,100,1350,1360,1)",
        "stride2(1000,2000,100,1350,1360,3)",
        "logfreq2(3,7,2)",
        "stride2(0,2000,100,1350,1360,7)",
    ];
    let mut checked = 0;
    for row in SEQUENCES.lines().filter(|l| !l.is_empty()) {
        let mut words = row.split_whitespace();
        let step = words.next().unwrap().parse().unwrap();
        for (formula, expected) in formulas.iter().zip(words) {
            let mut host = Host::default();
            host.clock.step = step;
            let got = evaluate(formula, Target::Equal, None, &mut host).unwrap();
            let expected = if expected == "N" {
                9_223_372_036_854_774_784.0
            } else {
                expected.parse().unwrap()
            };
            assert_eq!(got, Value::Scalar(expected), "{formula} at step {step}");
            checked += 1;
        }
    }
    assert!(checked > 300);
}

#[test]
fn functions_of_time_follow_the_run() {
    let mut host = Host {
        clock: Clock {
            step: 25,
            begin: 5,
            end: 45,
            dt: 0.5,
            running: true,
        },
        ..Host::default()
    };
    let mut at = |text| evaluate(text, Target::Equal, None, &mut host).unwrap();
    assert_eq!(at("ramp(1,3)"), Value::Scalar(2.0));
    assert_eq!(at("vdisplace(1,2)"), Value::Scalar(21.0));
    assert_eq!(at("swiggle(1,2,40)"), Value::Scalar(3.0));
    let Value::Scalar(x) = at("cwiggle(1,2,20)") else {
        panic!()
    };
    assert!((x - 5.0).abs() < 1e-14);
    host.clock.running = false;
    assert_eq!(
        evaluate("ramp(1,3)", Target::Equal, None, &mut host).unwrap(),
        Value::Scalar(1.0)
    );
}

#[test]
fn group_functions_pass_their_arguments() {
    let mut host = Host::default();
    evaluate(
        "count(all)+xcm(li,z)+bound(li,ymax,slab)+ke(all,slab)+inertia(all,xz)",
        Target::Equal,
        None,
        &mut host,
    )
    .unwrap();
    let call = |function, group: &str, component, region: Option<&str>| GroupCall {
        function,
        group: group.to_string(),
        component,
        region: region.map(str::to_string),
    };
    assert_eq!(
        host.calls,
        [
            call(GroupFunction::Count, "all", 0, None),
            call(GroupFunction::Xcm, "li", 2, None),
            call(GroupFunction::Bound, "li", 3, Some("slab")),
            call(GroupFunction::Ke, "all", 0, Some("slab")),
            call(GroupFunction::Inertia, "all", 5, None),
        ]
    );
}

#[test]
fn atom_formulas_give_one_number_per_atom() {
    assert_eq!(list("x+1", Target::Atom), [1.0, 11.0, 21.0]);
    assert_eq!(list("5", Target::Atom), [5.0; 3]);
    assert_eq!(list("(vx>0)*v_per+c_pe", Target::Atom), [-1.0, -2.0, -3.0]);
    assert_eq!(list("f_stress[2]-v_two", Target::Atom), [2.0, 3.0, 4.0]);
    assert_eq!(
        list("gmask(li)+rmask(slab)+grmask(li,slab)", Target::Atom),
        [1.0, 0.0, 3.0]
    );
    assert_eq!(
        list("ternary(vx>0,id,-id)", Target::Atom),
        [10.0, -20.0, -30.0]
    );
    assert_eq!(list("i_flag*c_temp", Target::Atom), [300.0, 0.0, 2100.0]);
    let random = list("random(0,1,5)", Target::Atom);
    assert!(random[0] != random[1] && random.iter().all(|x| (0.0..1.0).contains(x)));
}

#[test]
fn atoms_outside_the_mask_are_not_evaluated() {
    let mask = [true, false, true];
    let value = evaluate("12/vx", Target::Atom, Some(&mask), &mut Host::default());
    assert_eq!(value.unwrap(), Value::List(vec![4.0, 0.0, -3.0]));
    let error = evaluate("12/vx", Target::Atom, None, &mut Host::default()).unwrap_err();
    assert_eq!(error.to_string(), "Divide by 0 in variable formula");
}

#[test]
fn vector_formulas_give_vectors() {
    assert_eq!(list("v_vec*v_two", Target::Vector), [8.0, 10.0, 12.0]);
    assert_eq!(list("f_rdf[2]-v_vec", Target::Vector), [6.0, 15.0, 24.0]);
    assert_eq!(list("rsort(c_press)", Target::Vector), [3.5, 2.5, 1.5]);
    assert_eq!(
        list("sort(v_vec)+0*random(0,1,7)", Target::Vector),
        [4.0, 5.0, 6.0]
    );
    let noise = list("v_vec*0+random(0,1,7)", Target::Vector);
    assert!(noise[0] != noise[1]);
    assert!(evaluate("3", Target::Vector, None, &mut Host::default()).is_err());
}

#[test]
fn errors_say_what_and_where() {
    for (text, message, place) in [
        (
            "2*(3+4",
            "Invalid syntax in variable formula: unbalanced parenthesis: '(' is never closed",
            2..3,
        ),
        (
            "2+3)",
            "Invalid syntax in variable formula: unbalanced parenthesis: ')' without '('",
            3..4,
        ),
        (
            "2*+3",
            "Invalid syntax in variable formula: unexpected '+'",
            2..3,
        ),
        (
            "",
            "Invalid syntax in variable formula: a value is missing",
            0..0,
        ),
        (
            "1+",
            "Invalid syntax in variable formula: unexpected end",
            2..2,
        ),
        (
            "1 2",
            "Invalid syntax in variable formula: unexpected '2'",
            2..3,
        ),
        (
            "3PI",
            "Invalid syntax in variable formula: unexpected '3'",
            0..1,
        ),
        (
            "abs(1,2)",
            "Invalid abs() function in variable formula: expected 1 argument(s), found 2",
            0..8,
        ),
        (
            "1+abs(2*+3)",
            "Invalid syntax in variable formula: unexpected '+'",
            8..9,
        ),
        (
            "sqrtt(4)",
            "Invalid math/group/special/feature function 'sqrtt()' in variable formula",
            0..8,
        ),
        (
            "1+tempp",
            "Invalid thermo keyword 'tempp' in variable formula",
            2..7,
        ),
        ("1+x", "Atom vector in equal-style variable formula", 2..3),
        (
            "x[0]",
            "Index between variable brackets must be positive",
            0..4,
        ),
        (
            "x[1+1]",
            "Non digit character between brackets in variable: '1+1'",
            0..6,
        ),
        (
            "2*sqrt(-1)",
            "Sqrt of negative value in variable formula",
            2..10,
        ),
        ("1/(2-2)", "Divide by 0 in variable formula", 1..2),
        ("5%0", "Modulo 0 in variable formula", 1..2),
        (
            "ln(0)",
            "Log of zero/negative value in variable formula",
            0..5,
        ),
        (
            "asin(2)",
            "Arcsin of invalid value in variable formula",
            0..7,
        ),
        (
            "v_nix",
            "Invalid variable reference v_nix in variable formula",
            0..5,
        ),
        (
            "v_vec",
            "Variable vec: Vector-style variable in equal-style variable formula",
            0..5,
        ),
        (
            "v_vec[9]",
            "Variable vec: Invalid index into vector-style variable: 9 of 3",
            0..8,
        ),
        (
            "v_per",
            "Variable per: Atom-style variable in equal-style variable formula",
            0..5,
        ),
        (
            "v_two[1]",
            "Variable two: Mismatched variable in variable formula",
            0..8,
        ),
        (
            "v_word",
            "Variable word: Non-numeric variable value 'abc' in variable formula",
            0..6,
        ),
        (
            "c_nix",
            "Invalid compute ID 'nix' in variable formula",
            0..5,
        ),
        (
            "c_temp[1]",
            "Mismatched compute in variable formula: c_temp with 1 index(es) in a formula of equal style",
            0..9,
        ),
        (
            "c_press[4]",
            "Variable formula compute vector is accessed out-of-range: 'press'",
            0..10,
        ),
        (
            "f_rdf[1][3]",
            "Variable formula fix array is accessed out-of-range: 'rdf'",
            0..11,
        ),
        ("q[10]", "atoms have no charge", 0..5),
        ("x[31]", "Variable atom ID is too large", 0..5),
        (
            "bound(all,top)",
            "Invalid bound() function in variable formula: 'top' is none of xmin, xmax, ymin, ymax, zmin, zmax",
            10..13,
        ),
        (
            "is_active(nix,x)",
            "Unknown category for info is_active(): nix",
            0..16,
        ),
        (
            "random(0,1,0)",
            "Invalid math function in variable formula: the seed of random() must be larger than 0, not 0",
            0..13,
        ),
        (
            "sum(3)",
            "Invalid special function in variable formula: sum() takes c_ID, c_ID[N], f_ID, f_ID[N] or v_name",
            4..5,
        ),
        (
            "gmask(all)",
            "Gmask function in equal-style variable formula",
            0..10,
        ),
        (
            "py_f(1)",
            "Python function 'py_f()' in variable formula: argyro has no Python inside",
            0..7,
        ),
    ] {
        let e = error(text);
        assert_eq!(e.to_string(), message, "{text}");
        assert_eq!(e.range(), Some(place), "{text}");
    }
}

#[test]
fn slips_of_the_keyboard_get_advice() {
    assert_eq!(error("tempp").advice(), Some("did you mean 'temp'?"));
    assert_eq!(error("sqr(4)").advice(), Some("did you mean 'sqrt'?"));
    assert_eq!(
        error("two").advice(),
        Some("'two' is a variable: write v_two")
    );
    assert_eq!(
        error("c_press[1][1]").advice(),
        Some("compute 'press' offers c_press, c_press[i]")
    );
}

#[test]
fn deep_nesting_is_an_error_and_long_sums_are_not() {
    let deep = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(error(&deep).to_string().starts_with("parentheses nested"));
    assert_eq!(
        number(&format!("{}1{}", "(".repeat(90), ")".repeat(90))),
        1.0
    );
    assert_eq!(number(&vec!["1"; 20_000].join("+")), 20_000.0);
    assert_eq!(number(&format!("{}1", "-".repeat(20_000))), 1.0);
}

#[test]
fn references_are_listed() {
    let formula =
        Formula::parse("v_a+c_t[v_i]*temp+ternary(1,f_x,xcm(li,x,slab))+sum(v_w)+x[v_n]").unwrap();
    let found: Vec<FormulaRef> = formula.references().into_iter().map(|r| r.0).collect();
    assert_eq!(
        found,
        [
            FormulaRef::Variable("a"),
            FormulaRef::Compute("t"),
            FormulaRef::Variable("i"),
            FormulaRef::Keyword("temp"),
            FormulaRef::Fix("x"),
            FormulaRef::Group("li"),
            FormulaRef::Region("slab"),
            FormulaRef::Variable("w"),
            FormulaRef::Variable("n"),
        ]
    );
}
