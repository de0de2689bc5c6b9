//! `completions`: what a shell needs to complete our commands.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Error, Exit, Output};

/// Arguments of `completions`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(after_help = "\
Example:
  chaperon completions fish > ~/.config/fish/completions/chaperon.fish")]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: Shell,
}

/// Prints the completions. Needs no engine.
pub fn print(args: &CompletionsArgs, out: &mut Output<'_>) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chaperon", &mut script);
    out.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::captured;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_verbs() {
        for shell in [
            Shell::Bash,
            Shell::Elvish,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Zsh,
        ] {
            let (script, _) = captured(|out| {
                print(&CompletionsArgs { shell }, out).unwrap();
            });
            assert!(script.contains("reinvite"), "{shell}");
        }
    }
}
