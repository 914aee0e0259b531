#!/usr/bin/env python3
"""Power loss on SQLite, replayed: a process that saves is recorded with strace, every write and every flush of it. Then,
for moments all along the recording, the files are made again as a disk may hold them that lost its power just then: what
was flushed, and of the rest nothing, or some of it at random. In every one of these states each save that had been answered
must be there, and the database must be sound.

    cargo test -p countersign-sqlx --test sqlite_crash --no-run    # builds the process that saves
    tests/power_loss.py PATH-OF-THAT-BINARY [--seconds 3] [--states 300]
    tests/power_loss.py PATH-OF-THAT-BINARY --not-durable          # synchronous=NORMAL: must lose, or this check is blind
    tests/power_loss.py PATH-OF-THAT-BINARY --failing-flush        # every flush fails from the 40th on: nothing is answered
"""
import argparse, collections, os, random, re, signal, sqlite3, subprocess, sys, tempfile, time
from pathlib import Path

CALL = re.compile(r'^(\d+\.\d+) (\w+)\((.*)\)\s+= (-?\d+).*<(\d+\.\d+)>$')
WRITE = re.compile(r'^\d+<([^>]*)>, "([^"]*)", \d+(?:, (\d+))?$')
ON_FILE = re.compile(r'^\d+<([^>]*)>(?:, (\d+))?$')


def record(binary, folder, seconds, not_durable):
    environment = dict(os.environ, COUNTERSIGN_CRASH_PATH=str(folder / 'test.db'))
    if not_durable:
        environment['COUNTERSIGN_CRASH_NOT_DURABLE'] = '1'
    calls = 'trace=pwrite64,write,fdatasync,fsync,ftruncate,unlink'
    strace = ['strace', '-ff', '-ttt', '-T', '-y', '-xx', '-s', '200000', '-e', calls, '-e', 'signal=none']
    child = [binary, '--exact', 'write_until_killed', '--ignored', '--nocapture']
    with open(os.devnull, 'w') as nothing:
        process = subprocess.Popen(strace + ['-o', str(folder / 'trace')] + child, env=environment, stdout=subprocess.PIPE,
                                   stderr=nothing, start_new_session=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.read(process.stdout.fileno(), 65536)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def failing_flush(binary, folder):
    """A disk that does not flush any more: no save is answered from then on, and those before it are there."""
    environment = dict(os.environ, COUNTERSIGN_CRASH_PATH=str(folder / 'test.db'))
    strace = ['strace', '-f', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO:when=40+']
    child = [binary, '--exact', 'write_until_killed', '--ignored', '--nocapture']
    ended = subprocess.run(strace + child, env=environment, capture_output=True, text=True, timeout=60)
    lines = [line.split(' ') for line in ended.stdout.splitlines()]
    said = [(int(line[0]), int(line[1])) for line in lines if len(line) == 2 and line[0].isdigit() and line[1].isdigit()]
    files = {file.name: file.read_bytes() for file in folder.glob('test.db*') if not file.name.endswith('-shm')}
    wrong = check(files, dict(said))
    print(f'{len(said)} saves answered, then every flush failed; {wrong or "none lost"}')
    if wrong or not said or 'Unknown' not in ended.stderr:
        sys.exit(1)


def plain(text):
    return bytes.fromhex(text.replace('\\x', ''))


def name(path):
    path = plain(path).decode() if path.startswith('\\x') else path
    return Path(path).name


def events(folder):
    """Writes as they begin and flushes as they end, which is the unkind order; answers as they begin."""
    found = []
    for trace in folder.glob('trace.*'):
        for line in trace.read_text(errors='replace').splitlines():
            call = CALL.match(line)
            if not call or int(call[4]) < 0:
                continue
            start, end = float(call[1]), float(call[1]) + float(call[5])
            if call[2] in ('pwrite64', 'write'):
                write = WRITE.match(call[3])
                if not write:
                    continue
                if name(write[1]).startswith('test.db'):
                    found.append((start, 'write', name(write[1]), int(write[3] or 0), plain(write[2])))
                elif call[3].startswith('1<'):
                    found.append((start, 'said', plain(write[2]).decode(errors='replace')))
            elif call[2] == 'unlink':
                # Taken as done at once: the directory is not what is looked at here.
                found.append((end, 'gone', name(call[3].strip('"'))))
            else:
                file = ON_FILE.match(call[3])
                if file and name(file[1]).startswith('test.db'):
                    if call[2] == 'ftruncate':
                        found.append((start, 'cut', name(file[1]), int(file[2])))
                    else:
                        found.append((end, 'flush', name(file[1]), start, call[2]))
    return sorted(found, key=lambda event: event[0])


def put(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def check(files, answered):
    """What is wrong with this state, or None."""
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            Path(folder, file).write_bytes(content)
        database = sqlite3.connect(Path(folder, 'test.db'))
        try:
            if database.execute('PRAGMA integrity_check').fetchone()[0] != 'ok':
                return 'the database is not sound'
            found = dict(database.execute('SELECT user_id, body FROM countersign_records')) if answered else {}
            for caller, count in answered.items():
                body = found.get(f'user-{caller}')
                there = int.from_bytes(body[:8], 'big') if body else 0
                if there < count:
                    return f'user {caller} was told {count} and has {there}'
                noted = database.execute('SELECT COUNT(*), MAX(sequence) FROM countersign_audit WHERE chain = ?',
                                         (f'u/user-{caller}',)).fetchone()
                if noted != (there, there):
                    return f'user {caller} has {there} saves and {noted} events'
        except sqlite3.DatabaseError as error:
            return str(error)
        finally:
            database.close()
    return None


def replay(recorded, wanted, rng):
    # 'test.db-shm' is an index that is made again from the log after a loss of power.
    flushed, pending, answered = collections.defaultdict(bytearray), [], {}
    moments = {place for place, event in enumerate(recorded) if event[1] == 'said'}
    chosen = set(rng.sample(sorted(moments), min(wanted, len(moments))))
    states, lost = 0, []
    for place, event in enumerate(recorded):
        if event[1] in ('write', 'cut'):
            pending.append(event)
        elif event[1] == 'gone':
            flushed.pop(event[2], None)
            pending = [write for write in pending if write[2] != event[2]]
        elif event[1] == 'flush':
            rest = []
            for write in pending:
                if write[2] == event[2] and write[0] <= event[3]:
                    apply(flushed, write)
                else:
                    rest.append(write)
            pending = rest
        else:
            for line in event[2].splitlines():
                numbers = line.split(' ')
                if len(numbers) == 2 and all(number.isdigit() for number in numbers):
                    answered[int(numbers[0])] = max(int(numbers[1]), answered.get(int(numbers[0]), 0))
            if place in chosen:
                for share in (0, 0.5):
                    files = {file: bytearray(content) for file, content in flushed.items() if not file.endswith('-shm')}
                    for write in pending:
                        if rng.random() < share and not write[2].endswith('-shm'):
                            apply(files, write)
                    states += 1
                    wrong = check(files, answered)
                    if wrong:
                        lost.append(wrong)
    return states, lost, answered


def apply(files, event):
    content = files.setdefault(event[2], bytearray())
    if event[1] == 'cut':
        del content[event[3]:]
    else:
        put(content, event[3], event[4])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('binary')
    arguments.add_argument('--seconds', type=float, default=3)
    arguments.add_argument('--states', type=int, default=300)
    arguments.add_argument('--seed', type=int, default=1)
    arguments.add_argument('--not-durable', action='store_true')
    arguments.add_argument('--failing-flush', action='store_true')
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.failing_flush:
            return failing_flush(given.binary, Path(folder))
        record(given.binary, Path(folder), given.seconds, given.not_durable)
        recorded = events(Path(folder))
    states, lost, answered = replay(recorded, given.states // 2, random.Random(given.seed))
    flushes = collections.Counter(event[4] for event in recorded if event[1] == 'flush')
    said = ', '.join(f'{count} {call}' for call, count in sorted(flushes.items())) or 'no flush'
    print(f'{sum(answered.values())} saves answered, {said}; {states} states of the disk, {len(lost)} with a loss')
    for wrong in lost[:3]:
        print(' ', wrong)
    if not states or bool(lost) != given.not_durable:
        sys.exit('the check is blind: nothing was lost without flushing' if states and given.not_durable else 1)


main()
