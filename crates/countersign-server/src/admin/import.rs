use std::{
    collections::{HashMap, hash_map::Entry},
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use countersign::{History, ImportOptions, ImportedLine, store::UserId};
use zeroize::Zeroizing;

use super::Admin;
use crate::{accounts::Created, import::ImportLine, run_error::RunError};

/// An account that can be imported.
struct Checked {
    /// The line it stands on, from 1.
    number: usize,
    line: ImportLine,
    /// The id it will have.
    user: UserId,
    /// What the engine imports, where there is a second factor.
    factor: Option<Zeroizing<String>>,
}

impl<W: io::Write + Send + Sync> Admin<'_, W> {
    /// Imports the accounts in a file, or on standard input for `-`; all lines are checked before the first is written.
    pub(super) async fn import(&mut self, file: &Path, dry_run: bool) -> Result<(), RunError> {
        let (lines, mut bad) = if file == Path::new("-") {
            self.read(io::stdin().lock())?
        } else {
            self.read(BufReader::new(File::open(file).map_err(RunError::ImportFile)?))?
        };
        let (mut checked, mut known) = (Vec::new(), 0);
        for (number, line) in lines {
            if self.accounts().by_email(&line.email).await?.is_some() {
                self.say(&format!("line {number}: there is an account with this address; it is left as it is"))?;
                known += 1;
                continue;
            }
            let user = self.house.ids().uuid().map_err(|_| RunError::Clock)?;
            let user = UserId::new(user.to_string())?;
            let factor = line.factor(&user);
            if let Some(factor) = &factor {
                let options = ImportOptions::new();
                let rehearsed = self.engine.rehearse_import(factor, History::Never, &options).await?;
                if let ImportedLine::Refused(problem) = rehearsed {
                    self.say(&format!("line {number}: {problem}"))?;
                    bad += 1;
                }
            }
            checked.push(Checked { number, line, user, factor });
        }
        if bad > 0 {
            return Err(RunError::Import(bad));
        }
        let with_factor = checked.iter().filter(|account| account.factor.is_some()).count();
        let (all, were) = (checked.len(), if dry_run { "would be" } else { "were" });
        if !dry_run {
            for account in checked {
                known += self.write(account).await?;
            }
        }
        self.say(&format!("{all} accounts {were} imported, {with_factor} of them with a second factor."))?;
        self.say(&format!("{known} addresses have an account already."))
    }

    /// The lines that can be used, and how many cannot: those are told of.
    fn read(&mut self, mut input: impl BufRead) -> Result<(Vec<(usize, ImportLine)>, usize), RunError> {
        let (mut lines, mut bad) = (Vec::new(), 0);
        let mut seen = HashMap::new();
        let mut text = Zeroizing::new(Vec::with_capacity(ImportLine::LONGEST + 2));
        for number in 1.. {
            if !next_line(&mut input, &mut text).map_err(RunError::ImportFile)? {
                break;
            }
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let problem = match ImportLine::parse(&text) {
                Ok(line) => match seen.entry(line.email.clone()) {
                    Entry::Vacant(place) => {
                        place.insert(number);
                        lines.push((number, line));
                        continue;
                    }
                    Entry::Occupied(first) => format!("the same address as in line {}", first.get()),
                },
                Err(problem) => problem.to_string(),
            };
            self.say(&format!("line {number}: {problem}"))?;
            bad += 1;
        }
        Ok((lines, bad))
    }

    /// Writes one account down: how many were there already.
    async fn write(&mut self, account: Checked) -> Result<usize, RunError> {
        let Checked { number, line, user, factor } = account;
        // The factor first: an account that is there without the one it should have lets nobody in.
        let history = match &factor {
            Some(factor) => {
                let imported = self.engine.import(factor, History::Never, &ImportOptions::new()).await?;
                if let ImportedLine::Refused(reason) = imported {
                    return Err(RunError::ImportLine { line: number, reason });
                }
                History::Enrolled
            }
            None => History::Never,
        };
        let now = self.house.clock.now().ok_or(RunError::Clock)?;
        let password = line.password.as_str().to_owned();
        match self.accounts().create(&user, &line.email, password, history, now).await? {
            Created::Done => Ok(0),
            Created::Exists => {
                self.say(&format!("line {number}: somebody has signed up with this address meanwhile"))?;
                Ok(1)
            }
        }
    }
}

/// Reads the next line into `text`, without its end; of one that is too long, no more than shows it. False at the end.
fn next_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    text.clear();
    let bound = u64::try_from(ImportLine::LONGEST + 2).unwrap_or(u64::MAX);
    input.by_ref().take(bound).read_until(b'\n', text)?;
    if text.is_empty() {
        return Ok(false);
    }
    if text.last() == Some(&b'\n') {
        text.pop();
    } else if text.len() > ImportLine::LONGEST {
        input.skip_until(b'\n')?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_to_its_end_and_no_further_than_its_bound() {
        let long = "a".repeat(ImportLine::LONGEST);
        let input = format!("one\n\n{long}\n{long}b\n{long}bcd\nlast");
        let (mut input, mut text) = (input.as_bytes(), Vec::new());
        let mut lengths = Vec::new();
        while next_line(&mut input, &mut text).unwrap() {
            lengths.push(text.len());
        }
        assert_eq!(lengths, [3, 0, long.len(), long.len() + 1, long.len() + 2, 4]);
        assert_eq!(text.capacity().min(1), 1);
    }
}
