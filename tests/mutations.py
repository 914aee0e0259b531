#!/usr/bin/env python3
"""Breaks the server on purpose, one way at a time, and demands that the named test fails.

    tests/mutations.py            all of them (some minutes; not part of CI)
    tests/mutations.py WORD ..    those with one of these words in their name

Each entry: name, file, what stands there, what is put there instead, package, test binary, filter of the test. The file is put
back afterwards. A test that stays green, or one that does not build, is an error. MUTANTS.md has what came of it.
"""
import re, subprocess, sys, pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVER, AXUM, ENGINE, SQLX, OTP = (f"crates/countersign{n}/src/" for n in ("-server", "-axum", "", "-sqlx", "-otp"))
ATTACK, E2E, ENGINE_TESTS = ("countersign-tests", "attack"), ("countersign-tests", "e2e"), ("countersign", "it")

MUTATIONS = [
    ("D-10 a code may have a sign, or end with a line break", ENGINE + "decide/verify.rs",
     "match self.find(input)? {",
     "match self.find(match input { Typed::Code(text) => Typed::Code(text.trim().trim_start_matches('+')), run => run })? {",
     *ATTACK, "sqlite::d_10"),
    ("D-10 D-11 a number is a code", AXUM + "json.rs",
     "String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))",
     "serde_json::Value::deserialize(deserializer).map(|value| Self(Zeroizing::new("
     "value.as_str().map_or_else(|| format!(\"{:0>6}\", value.to_string()), str::to_owned))))",
     *ATTACK, "sqlite::d_11"),
    ("D-12 any number of digits", AXUM + "routes/enrol.rs",
     'Some(_) => return Err(Problem::malformed_request().detail("`digits` is 6 or 8")),', "Some(_) => None,",
     *ATTACK, "sqlite::d_12"),
    ("D-12 any algorithm", AXUM + "routes/enrol.rs",
     'Some(Err(_)) => return Err(Problem::malformed_request().detail("`algorithm` is SHA1, SHA256 or SHA512")),',
     "Some(Err(_)) => None,", *ATTACK, "sqlite::d_12"),
    ("D-13 any content type", AXUM + "json.rs", "_ if !is_json(&parts.headers) => {", "_ if false => {",
     *ATTACK, "sqlite::d_13"),
    ("D-13 unknown members in a log-in", SERVER + "routes/sign_in.rs", "#[serde(deny_unknown_fields)]", "",
     *ATTACK, "sqlite::d_13"),
    ("D-14 an address is as good as a session", SERVER + "core.rs",
     "                return Ok(None);\n",
     "                let Some(email) = bearer(&parts.headers).and_then(|text| text.parse().ok()) else { return Ok(None) };\n"
     "                let account = self.accounts.by_email(&email).await.map_err(unavailable)?;\n"
     "                let Some(account) = account else { return Ok(None) };\n"
     "                return Ok(self.sessions.of(&account.id, now).await.map_err(unavailable)?.into_iter().next());\n",
     *ATTACK, "sqlite::d_14"),
    ("D-08 D-14 a ticket that was redeemed is a ticket", ENGINE + "decide/verify.rs",
     "Some(self.ticket(token, TicketKind::SignIn).ok_or(Refusal::TicketInvalid)?)",
     "self.ticket(token, TicketKind::SignIn)", *ATTACK, "sqlite::d_08"),
    ("D-22 turning off keeps the backup codes", ENGINE + "decide/manage.rs", "        account.backup = None;\n", "",
     *ATTACK, "sqlite::d_22"),
    ("D-22 a new factor keeps the old backup codes", ENGINE + "decide/enrol.rs",
     "account.backup = Some(BackupSet::new(codes, now)?);",
     "if account.backup.is_none() { account.backup = Some(BackupSet::new(codes, now)?); }", *ATTACK, "sqlite::d_23"),
    ("D-25 a status has the key of a factor", AXUM + "routes/status.rs", "name: factor.name,",
     "name: format!(\"otpauth://totp/{}\", factor.name),", *ATTACK, "sqlite::d_25"),
    ("D-25 the page of the backup codes shows them again", SERVER + "pages/backup_codes.rs",
     "with_cookies(response, [visit.clear(Crumb::Codes)])", "with_cookies(response, [visit.clear(Crumb::Setup)])",
     "countersign-tests", "pages", "somebody_registers"),
    ("D-26 forgetting devices leaves their tokens", SERVER + "core.rs",
     "        self.engine.forget_devices(&session.user, &requester.client()).await?;\n", "", *ATTACK, "sqlite::d_26"),
    ("D-26 so does forgetting one", SERVER + "core.rs",
     "        self.engine.forget_devices(&session.user, &client).await?;\n", "        let _ = client;\n",
     *ATTACK, "sqlite::d_26"),
    ("D-27 whoever does not say where from is let in", SERVER + "core.rs",
     'headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")', "let _ = (headers, ORIGIN); true",
     *ATTACK, "sqlite::d_27"),
    ("D-27 no layer against other sites", SERVER + "layers.rs",
     "routes = routes.layer(self.same_origin()).layer(middleware::from_fn(in_bounds));",
     "let _ = self.same_origin(); routes = routes.layer(middleware::from_fn(in_bounds));", *ATTACK, "sqlite::d_27"),
    ("D-28 D-29 a wrong code is not saved", ENGINE + "decide/verify.rs",
     "self.note_charge(charged)?;\n                Ok(Decision::Save(self.refused(ticket, device)))",
     "self.note_charge(charged)?;\n                Ok(Decision::Keep(self.refused(ticket, device)))",
     *ATTACK, "sqlite::d_29"),
    ("D-39 nobody is told of a reused token", SERVER + "routes/tokens.rs",
     "core.note_token_reuse(&user, &requester).await;", "let _ = (&user, &requester);", *ATTACK, "sqlite::d_39"),
    ("no dummy hash for an unknown address", SERVER + "passwords.rs",
     "_ => kdf.derive(memory, password.as_bytes(), NOBODY).map(|_| PasswordCheck::Wrong),",
     "_ => { let _ = NOBODY; Ok(PasswordCheck::Wrong) }", *E2E, "an_attempt_costs_one"),
    ("a database that does not answer is waited for", SQLX + "database.rs",
     "Duration::from_millis(1500)", "Duration::from_millis(3500)", *E2E, "while_another_process_writes"),
    ("readiness does not ask the database", SERVER + "readiness.rs",
     "tokio::join!(ask(&self.database), limiter)", "tokio::join!(async { Ok::<_, LimitError>(()) }, limiter)",
     *E2E, "on_a_full_disk"),
    ("a header of the client's is logged", SERVER + "layers.rs",
     "    let mut response = next.run(request).instrument(span.clone()).await;",
     "    tracing::info!(agent = ?request.headers().get(\"user-agent\"), \"came\");\n"
     "    let mut response = next.run(request).instrument(span.clone()).await;", *E2E, "nobody_but_the_server"),
    ("a refused password is not logged", SERVER + "core.rs", '                tell("password_refused");\n', "",
     *E2E, "every_step_of_a_sign_in"),
    ("limits: a count of nothing", "crates/countersign-rate-limit/src/quota.rs",
     "if !(1..=Self::MAX_LIMIT).contains(&limit) {", "if limit > Self::MAX_LIMIT {", *E2E, "a_bad_setting"),
    ("headers without a bound on their number", SERVER + "listen.rs",
     "http.max_headers(MAX_HEADERS).max_buf_size(MAX_HEADER_BYTES);",
     "let _ = MAX_HEADERS; http.max_headers(4000).max_buf_size(MAX_HEADER_BYTES);",
     "countersign-server", "--lib", "connections"),
    ("limits: two tiers of one name", AXUM + "limit/tiers.rs",
     "if tiers.iter().any(|known| known.name() == tier.name()) {", "if false {", "countersign-axum", "--lib", "tiers"),
    ("engine, D-11: a code without its zero", ENGINE + "decide/verify.rs", "match self.find(input)? {",
     "match self.find(match input { Typed::Code(text) => Typed::Code(format!(\"{text:0>6}\").leak()), run => run })? {",
     *ENGINE_TESTS, "d_11"),
    ("engine, D-26: the first device is everybody's own", ENGINE + "decide/manage.rs", "let own = self.device();",
     "let own = (!self.account.devices.is_empty()).then_some(0);", *ENGINE_TESTS, "d_26"),
    ("engine, D-26: a bent token is a device", ENGINE + "decide.rs",
     "device.id.is_among(&hashes) && self.now < device.expires_at", "{ let _ = (&hashes, device); true }",
     *ENGINE_TESTS, "ten_devices"),
    ("engine, D-30: whoever shows a device token, good or not, spends nothing", ENGINE + "decide/verify.rs",
     "let charged = self.account.guard.charge_code(self.policy, self.now, known);",
     "let charged = if self.client.device_token.is_some() { Charged::default() } else "
     "{ self.account.guard.charge_code(self.policy, self.now, known) };", *ENGINE_TESTS, "d_30"),
    ("engine, D-34: a refusal is saved", ENGINE + "decide/verify.rs",
     "Err(refusal) => return Ok(Decision::Keep(Verification::Refused(refusal))),",
     "Err(refusal) => return Ok(Decision::Save(Verification::Refused(refusal))),", *ENGINE_TESTS, "d_34"),
    ("engine, races: a lost save is answered like a won one", ENGINE + "shell.rs",
     'Saved::Conflict => metrics::counter!("countersign_conflicts_total").increment(1),',
     "Saved::Conflict => return Ok(answer),", *ENGINE_TESTS, "races::one_code_on_five_tickets"),
    ("engine, races: and so with one ticket", ENGINE + "shell.rs",
     'Saved::Conflict => metrics::counter!("countersign_conflicts_total").increment(1),',
     "Saved::Conflict => return Ok(answer),", *ENGINE_TESTS, "races::one_ticket"),
    ("engine: and so with a backup code", ENGINE + "shell.rs",
     'Saved::Conflict => metrics::counter!("countersign_conflicts_total").increment(1),',
     "Saved::Conflict => return Ok(answer),", *ENGINE_TESTS, "failure::after_a_conflict"),
    ("engine, races: and so with wrong codes", ENGINE + "shell.rs",
     'Saved::Conflict => metrics::counter!("countersign_conflicts_total").increment(1),',
     "Saved::Conflict => return Ok(answer),", *ENGINE_TESTS, "races::five_hundred"),
]


def run(package, binary, test):
    target = ["--lib"] if binary == "--lib" else ["--test", binary]
    done = subprocess.run(["cargo", "test", "--quiet", "-p", package, *target, "--", test], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    failed = sorted(set(re.findall(r"^test (\S+) \.\.\. FAILED|^(\S+) --- FAILED", done.stdout, re.M)))
    failed = [one or other for one, other in failed]
    if done.returncode == 0:
        return "SURVIVED"
    built = failed and "the server does not build" not in done.stdout
    return f"caught by {', '.join(failed)}" if built else "DOES NOT BUILD\n" + done.stdout[-3000:]


def main():
    wanted = [one for one in MUTATIONS if not sys.argv[1:] or any(word in one[0] for word in sys.argv[1:])]
    bad = 0
    for name, file, old, new, package, binary, test in wanted:
        path = ROOT / file
        text = path.read_text()
        if text.count(old) == 0:
            verdict = "STALE: what it replaces is not there"
        else:
            try:
                path.write_text(text.replace(old, new, 1))
                verdict = run(package, binary, test)
            finally:
                path.write_text(text)
        bad += not verdict.startswith("caught")
        print(f"{name}: {verdict}", flush=True)
    sys.exit(f"{bad} of {len(wanted)} were not caught" if bad else 0)


main()
