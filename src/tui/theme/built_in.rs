//! The themes that come with the program: the files in `themes/`.

use super::{Ground, ThemeFile};

/// Name and text of every built-in theme, in the order in which they are offered.
pub(super) const ALL: &[(&str, &str)] = &[
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    (
        "catppuccin-mocha",
        include_str!("../../../themes/catppuccin-mocha.toml"),
    ),
    (
        "catppuccin-latte",
        include_str!("../../../themes/catppuccin-latte.toml"),
    ),
    (
        "gruvbox-dark",
        include_str!("../../../themes/gruvbox-dark.toml"),
    ),
    (
        "gruvbox-light",
        include_str!("../../../themes/gruvbox-light.toml"),
    ),
    ("nord", include_str!("../../../themes/nord.toml")),
    (
        "solarized-dark",
        include_str!("../../../themes/solarized-dark.toml"),
    ),
    (
        "solarized-light",
        include_str!("../../../themes/solarized-light.toml"),
    ),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("terminal", include_str!("../../../themes/terminal.toml")),
];

/// Finds the built-in theme of this name.
pub(super) fn named(name: &str) -> Option<ThemeFile> {
    let (_, text) = ALL.iter().find(|(known, _)| *known == name)?;
    Some(ThemeFile::parse(text).expect("a test reads every built-in theme"))
}

/// Returns the theme for a background, or for one that is not known.
pub(super) fn for_ground(ground: Option<Ground>) -> ThemeFile {
    named(name_for(ground)).unwrap_or_default()
}

/// Returns the name of the theme for a background, or for one that is not known.
pub(super) fn name_for(ground: Option<Ground>) -> &'static str {
    match ground {
        Some(Ground::Dark) => "dark",
        Some(Ground::Light) => "light",
        None => "terminal",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ratatui::style::{Color, Modifier, Style};

    use super::super::{Colour, ColourDepth, Rgb, Role, Theme};
    use super::*;

    /// Backgrounds that terminals come with, for themes that leave the terminal its own: black,
    /// VS Code, gruvbox, Nord, Solarized, Catppuccin; white, Solarized, Catppuccin, gruvbox.
    const DARK: [&str; 6] = [
        "#000000", "#1e1e1e", "#282828", "#2e3440", "#002b36", "#1e1e2e",
    ];
    const LIGHT: [&str; 4] = ["#ffffff", "#fdf6e3", "#eff1f5", "#fbf1c7"];
    /// What is read, and so has to stand out from what is behind it. Rules do not, and a row
    /// under the cursor is looked at by itself.
    const READ: [Role; 10] = [
        Role::Text,
        Role::Dim,
        Role::Title,
        Role::Heading,
        Role::Accent,
        Role::Wait,
        Role::Stop,
        Role::Gutter,
        Role::Mark,
        Role::Own,
    ];
    /// WCAG 2.2, 1.4.3 (AA), 1.4.6 (AAA) and 1.4.11 (what is no text).
    const AA: f64 = 4.5;
    const AAA: f64 = 7.0;
    const SIGN: f64 = 3.0;
    /// The least difference of two colours that are to be told apart, by `Rgb::distance`.
    const APART: u32 = 60 * 60;

    /// Every file in `themes/`, by the name of the theme.
    fn files() -> Vec<(String, ThemeFile)> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("themes");
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let file = ThemeFile::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            files.push((name, file));
        }
        files
    }

    fn rgb(colour: Color) -> Option<Rgb> {
        if let Color::Rgb(red, green, blue) = colour {
            return Some(Rgb(red, green, blue));
        }
        let Color::Indexed(number) = colour else {
            return None;
        };
        Rgb::of_palette(number)
    }

    /// The colours that can lie behind text where nothing is chosen.
    fn grounds(file: &ThemeFile, theme: &Theme) -> Vec<Rgb> {
        if let Some(background) = theme.base().bg.and_then(rgb) {
            return vec![background];
        }
        let usual: &[&str] = match file.ground {
            Some(Ground::Dark) => &DARK,
            Some(Ground::Light) => &LIGHT,
            None => &[],
        };
        let colours = usual.iter().map(|text| Colour::parse(text).unwrap());
        colours
            .map(|colour| rgb(colour.at(ColourDepth::True)).unwrap())
            .collect()
    }

    /// Everything that a theme promises at one depth and does not keep.
    fn failures(name: &str, file: &ThemeFile, depth: ColourDepth) -> Vec<String> {
        let theme = Theme::of(file, depth);
        let least = if name == "high-contrast" { AAA } else { AA };
        let mut failures = Vec::new();
        let mut check = |what: &str, fg: Rgb, bg: Rgb, least: f64| {
            let contrast = fg.contrast(bg);
            if contrast < least {
                failures.push(format!(
                    "{name} {depth:?}: {what} has {contrast:.2}, not {least}"
                ));
            }
        };
        let colour = |role| theme.style(role).fg.and_then(rgb).unwrap();
        let mut behind = grounds(file, &theme);
        behind.extend(theme.style(Role::Resting).bg.and_then(rgb));
        for role in READ {
            let own = theme.style(role).bg.and_then(rgb);
            let behind = own.map_or_else(|| behind.clone(), |own| vec![own]);
            for ground in behind {
                check(role.name(), colour(role), ground, least);
            }
        }
        let selection = theme.style(Role::Selected).bg.and_then(rgb).unwrap();
        check("selected", colour(Role::Selected), selection, least);
        check("the sign in it", colour(Role::Accent), selection, SIGN);
        failures
    }

    #[test]
    fn every_file_is_a_built_in_theme_and_the_other_way_round() {
        let mut files: Vec<_> = files().into_iter().map(|(name, _)| name).collect();
        let mut built_in: Vec<_> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
        files.sort();
        built_in.sort();
        assert_eq!(files, built_in);
    }

    #[test]
    fn no_theme_leaves_out_a_role() {
        for (name, file) in files() {
            for role in Role::ALL {
                assert!(file.look(role).is_some(), "{name}: {}", role.name());
            }
        }
    }

    #[test]
    fn what_is_read_has_the_contrast_that_wcag_asks_for() {
        let mut failed = Vec::new();
        for (name, file) in files() {
            if file.ground.is_some() {
                failed.extend(failures(&name, &file, ColourDepth::True));
                failed.extend(failures(&name, &file, ColourDepth::Palette));
            }
        }
        assert!(failed.is_empty(), "{failed:#?}");
    }

    #[test]
    fn a_theme_for_either_background_takes_the_colours_of_the_terminal() {
        for (name, file) in files() {
            if file.ground.is_some() {
                continue;
            }
            let theme = Theme::of(&file, ColourDepth::True);
            let styles = Role::ALL.map(|role| theme.style(role));
            let colours = styles.iter().flat_map(|style| [style.fg, style.bg]);
            assert_eq!(colours.flatten().count(), 0, "{name}");
            assert_eq!(theme.base().bg, Some(Color::Reset), "{name}");
        }
    }

    /// Tells whether two looks differ by what is certain to be seen.
    fn differ(one: Style, other: Style) -> bool {
        let seen = Modifier::REVERSED | Modifier::UNDERLINED;
        let apart = |one: Option<Color>, other: Option<Color>| match (one, other) {
            (Some(one), Some(other)) => {
                let (one, other) = (rgb(one).unwrap(), rgb(other).unwrap());
                one.distance(other) >= APART
            }
            (one, other) => one != other,
        };
        one.add_modifier.intersection(seen) != other.add_modifier.intersection(seen)
            || apart(one.fg, other.fg)
            || apart(one.bg, other.bg)
    }

    /// The pairs of meanings that look the same.
    fn mistaken(file: &ThemeFile, theme: &Theme) -> Vec<(Role, Role)> {
        let meanings = [
            Role::Selected,
            Role::Mark,
            Role::Wait,
            Role::Stop,
            Role::Text,
        ];
        let pairs = meanings.into_iter().enumerate().flat_map(|(index, one)| {
            let others = meanings.into_iter().skip(index + 1);
            others.map(move |other| (one, other))
        });
        let alike = |(one, other): &(Role, Role)| {
            let (one, other) = (theme.style(*one), theme.style(*other));
            // Without colours what waits is heavier, and no more.
            let heavier = one.add_modifier != other.add_modifier;
            !differ(one, other) && (file.ground.is_some() || !heavier)
        };
        pairs.filter(alike).collect()
    }

    #[test]
    fn what_has_a_meaning_is_told_apart() {
        for (name, file) in files() {
            for depth in [ColourDepth::True, ColourDepth::Palette] {
                let theme = Theme::of(&file, depth);
                assert_eq!(mistaken(&file, &theme), [], "{name} {depth:?}");
            }
        }
    }

    #[test]
    fn the_row_under_the_cursor_stands_out_from_the_others() {
        for (name, file) in files() {
            let theme = Theme::of(&file, ColourDepth::True);
            let (selected, resting) = (theme.style(Role::Selected), theme.style(Role::Resting));
            assert!(differ(selected, resting), "{name}");
            assert_ne!(selected, theme.style(Role::Text), "{name}");
            assert_ne!(resting, Style::default(), "{name}");
        }
    }
}
