#!/usr/bin/env python3
"""mana_launch, mana_status, mana_restart and mana_coordinator with ranks that are fakes (fake_rank.py): every exit status,
every message, every fault at every phase. Usage: tools_commands_test.py BUILD-DIRECTORY [unittest arguments]"""
import json, os, re, shutil, signal, socket, stat, subprocess, sys, tempfile, threading, time, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import fake_rank

BUILD = None


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = tempfile.mkdtemp(prefix="mana-tools-")
        os.makedirs(f"{cls.prefix}/bin")
        os.makedirs(f"{cls.prefix}/libexec/mana")
        for tool in ("mana_launch", "mana_status", "mana_restart", "mana_coordinator"):
            shutil.copy(f"{BUILD}/bin/{tool}", f"{cls.prefix}/bin/{tool}")
        shutil.copy(f"{BUILD}/libexec/mana/mana-rank", f"{cls.prefix}/libexec/mana/mana-rank")
        for mpi in ("openmpi", "mpich"):
            shutil.copy(f"{HERE}/fake_rank.py", f"{cls.prefix}/libexec/mana/mana-lower-{mpi}")
            os.chmod(f"{cls.prefix}/libexec/mana/mana-lower-{mpi}", 0o755)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.prefix)

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="mana-work-")
        os.mkdir(f"{self.work}/run", 0o700)
        self.env = dict(os.environ, XDG_RUNTIME_DIR=f"{self.work}/run", PATH=f"{self.prefix}/bin:" + os.environ["PATH"],
                        OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                        OMPI_MCA_rmaps_base_oversubscribe="1")
        for name in [n for n in self.env if n.startswith(("PMI_", "PMIX_", "OMPI_COMM", "MANA_"))]:
            del self.env[name]
        self.started = []

    def tearDown(self):
        write(f"{self.work}/end", "")
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        shutil.rmtree(self.work, ignore_errors=True)

    def start(self, *words, fake="", **env):
        process = subprocess.Popen(words, cwd=self.work, env=dict(self.env, FAKE=fake, **env), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started.append(process)
        return process

    def run_it(self, *words, fake="", timeout=60, **env):
        process = self.start(*words, fake=fake, **env)
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out, err

    def until_told(self, fake=""):
        """FAKE of ranks that run until finish(), which no load of the machine makes come too early."""
        if os.path.exists(f"{self.work}/end"):
            os.remove(f"{self.work}/end")
        return f"seconds=100,until={self.work}/end,{fake}"

    def launch(self, *words, fake="", mpirun="mpirun.mpich", ranks=2):
        """A job whose ranks are up and run until finish()."""
        process = self.start("mana_launch", *words, mpirun, "-n", str(ranks), "/bin/true", fake=self.until_told(fake))
        not_up = {"not connected"} if "never_init" in fake else {"not connected", "starting"}
        self.wait_for_status(lambda s: len(s["ranks"]) == ranks and not any(r["state"] in not_up for r in s["ranks"]))
        return process

    def wait_for_status(self, condition):
        end = time.time() + 60
        while time.time() < end:
            code, out, _ = self.run_it("mana_status", "--json")
            if code == 0 and condition(json.loads(out)):
                return json.loads(out)
            time.sleep(0.05)
        self.fail("the job does not come up")

    def generations(self):
        try:
            return sorted(n for n in os.listdir(f"{self.work}/mana-ckpt") if n.startswith("gen-"))
        except FileNotFoundError:
            return []

    def wait_for(self, condition):
        end = time.time() + 60
        while not condition():
            self.assertLess(time.time(), end, "it does not come")
            time.sleep(0.05)

    def end(self, process, code=0):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, out + err)
        return err

    def finish(self, job):
        """Tells the ranks of launch() that they have computed enough."""
        write(f"{self.work}/end", "")
        return self.end(job)

    # --- launching ---

    def test_arguments_arrive_byte_for_byte(self):
        words = ["a b", "", "q'\"uote", "new\nline", "--", "-n", "\\", "x" * 100000, "--checkpoint-at"]
        for mpirun in ("mpirun.mpich", "mpirun.openmpi"):
            code, out, err = self.run_it("mana_launch", mpirun, "-n", "1", "/bin/echo", *words, fake="seconds=0")
            self.assertEqual(code, 0, err)
            self.assertIn("done: '--' '/bin/echo' " + " ".join(map(repr, words)), out)

    def test_exit_status_is_that_of_the_job(self):
        self.assertEqual(self.run_it("mana_launch", "mpirun.mpich", "-n", "1", "/bin/true", fake="exit=3")[0], 3)
        self.assertEqual(self.run_it("mana_launch", "mpirun.openmpi", "-n", "2", "/bin/true", fake="exit=4")[0], 4)

    def test_single_process_without_launcher(self):
        code, out, err = self.run_it("mana_launch", "python3", "-c", "pass", fake="seconds=0")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("'python3' '-c' 'pass'", out)

    def test_several_programs(self):
        code, out, _ = self.run_it("mana_launch", "mpirun.mpich", "-n", "1", "/bin/true", "a", ":", "-n", "1", "/bin/echo", "b")
        self.assertEqual(code, 0)
        self.assertIn("'/bin/true' 'a'", out)
        self.assertIn("'/bin/echo' 'b'", out)

    def test_called_by_the_launcher(self):
        for mpirun in ("mpirun.mpich", "mpirun.openmpi"):
            process = self.start(mpirun, "-n", "2", "mana_launch", "--ckpt-dir", "mana-ckpt", "/bin/true",
                                 fake=self.until_told())
            self.wait_for_status(lambda s: len(s["ranks"]) == 2 and all(r["state"] == "running" for r in s["ranks"]))
            self.assertEqual(self.run_it("mana_status", "--checkpoint")[0], 0)
            self.finish(process)
            self.wait_for(lambda: not [n for n in os.listdir(f"{self.work}/run/mana") if n.startswith("job-")])
            self.assertIn(b"committed", read(f"{self.work}/mana-ckpt/coordinator.log"))

    def test_refusals(self):
        static = f"{self.work}/static"
        source = f"{self.work}/static.c"
        write(source, "int main(void) { return 0; }\n")
        subprocess.run(["cc", "-static", "-o", static, source], check=True)
        setuid = f"{self.work}/setuid"
        shutil.copy("/bin/true", setuid)
        os.chmod(setuid, 0o4755)
        plain = f"{self.work}/plain"
        write(plain, "hello")
        garbage = f"{self.work}/garbage"
        write(garbage, "hello")
        os.chmod(garbage, 0o755)
        script = f"{self.work}/script"
        write(script, "#!/bin/sh\n")
        os.chmod(script, 0o755)
        os.mkdir(f"{self.work}/others", 0o777)
        os.chmod(f"{self.work}/others", 0o777)
        mpi = ("mpirun.mpich", "-n", "1")
        for code, words, text in [
            (2, (), "what shall be launched"),
            (2, mpi, "there is no program"),
            (2, ("mpirun.mpich", "-n"), "lacks an argument"),
            (2, ("mpirun.mpich", "-configfile", "x"), "is not supported"),
            (2, ("--no-such-option", "x"), "--no-such-option"),
            (2, ("--checkpoint-at", "0", *mpi, "/bin/true"), "RANK:CALL"),
            (127, ("/no/mpirun", "-n", "1", "/bin/true"), "no such program: /no/mpirun"),
            (127, ("/no/mpirun.mpich", "-n", "1", "/bin/true"), "no such launcher"),
            (127, (*mpi, "./no-such"), "no such program: ./no-such"),
            (126, (*mpi, plain), "not an executable file"),
            (126, (*mpi, garbage), "neither an ELF program nor a script"),
            (78, (*mpi, static), "linked statically"),
            (78, (*mpi, setuid), "setuid"),
            (73, ("--ckpt-dir", "/no/where", *mpi, "/bin/true"), "cannot create checkpoint directory"),
            (73, ("--ckpt-dir", plain, *mpi, "/bin/true"), "is not a directory"),
            (77, ("--ckpt-dir", "others", *mpi, "/bin/true"), "writable by others"),
        ]:
            with self.subTest(words=words):
                got, out, err = self.run_it("mana_launch", *words)
                self.assertEqual(got, code, err)
                self.assertRegex(err, r"^mana_launch: [^\n]*" + re.escape(text))
                self.assertEqual(len(err.strip().split("\n")), 1, err)
        self.assertEqual(self.run_it("mana_launch", *mpi, script, fake="seconds=0")[0], 0)

    def test_runtime_directory_of_somebody_else(self):
        os.symlink("/tmp", f"{self.work}/run/mana")
        code, _, err = self.run_it("mana_launch", "mpirun.mpich", "-n", "1", "/bin/true")
        self.assertEqual(code, 77, err)

    def test_help_and_version(self):
        for tool in ("mana_launch", "mana_status", "mana_restart", "mana_coordinator"):
            code, out, _ = self.run_it(tool, "--help")
            self.assertEqual(code, 0)
            self.assertTrue(out.startswith("Starts") or "Usage: " + tool in out, out)
            self.assertIn("Exit status", out)
            self.assertEqual(self.run_it(tool, "--version")[0], 0)

    def test_problems_of_the_inner_coordinator_reach_the_rank(self):
        code, _, err = self.run_it("mpirun.mpich", "-n", "2", "mana_launch", "--ckpt-dir", "/no/where", "/bin/true")
        self.assertNotEqual(code, 0)
        self.assertIn("mana_launch: cannot create checkpoint directory /no/where", err)

    # --- checkpoints ---

    def test_checkpoint_and_list(self):
        job = self.launch()
        code, out, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 0, err)
        self.assertIn("checkpoint 1 committed: 2 ranks", out)
        self.assertIn("/mana-ckpt/gen-1", out)
        self.assertIn("socket 5 is not saved", err)
        for _ in range(2):
            self.assertEqual(self.run_it("mana_status", "--checkpoint")[0], 0)
        self.assertEqual(self.generations(), ["gen-2", "gen-3"])
        self.assertEqual(read(f"{self.work}/mana-ckpt/LATEST"), b"gen-3\n")
        code, out, _ = self.run_it("mana_status", "--list", "--json")
        self.assertEqual([g["generation"] for g in json.loads(out)], [3, 2])
        manifest = json.loads(read(f"{self.work}/mana-ckpt/gen-3/MANIFEST.json"))
        self.assertEqual(manifest["command"], ["mpirun.mpich", "-n", "2", "/bin/true"])
        self.assertEqual(manifest["launcher"], ["mpirun.mpich"])
        self.assertEqual(len(manifest["images"]), 2)
        self.finish(job)
        self.assertEqual(os.listdir(f"{self.work}/run/mana"), [])

    def test_modes_and_secrets(self):
        job = self.start("sh", "-c", "umask 000; exec mana_launch mpirun.mpich -n 1 /bin/true",
                         fake=self.until_told())
        self.wait_for_status(lambda s: len(s["ranks"]) == 1 and s["ranks"][0]["state"] == "running")
        self.assertEqual(self.run_it("mana_status", "--checkpoint")[0], 0)
        token = [v for p in os.listdir("/proc") if p.isdigit() for v in self.environ(p) if v.startswith(b"MANA_TOKEN=")]
        for folder in (f"{self.work}/run", f"{self.work}/mana-ckpt"):
            for where, folders, files in os.walk(folder):
                for name in folders:
                    self.assertEqual(stat.S_IMODE(os.lstat(f"{where}/{name}").st_mode), 0o700, name)
                for name in files:
                    if not name.endswith(".mana"):  # the fake's own
                        self.assertEqual(stat.S_IMODE(os.lstat(f"{where}/{name}").st_mode), 0o600, name)
                    if name.endswith(".json"):
                        content = read(f"{where}/{name}")
                        self.assertFalse(any(t[11:] in content for t in token if len(t) > 11))
        self.finish(job)

    def environ(self, pid):
        try:
            return read(f"/proc/{pid}/environ").split(b"\0")
        except OSError:
            return []

    def test_checkpoint_and_stop(self):
        for mpirun in ("mpirun.mpich", "mpirun.openmpi"):
            job = self.launch(mpirun=mpirun)
            code, _, err = self.run_it("mana_status", "--checkpoint-and-stop")
            self.assertEqual(code, 0, err)
            self.end(job, 85)

    def test_collectives_far_apart(self):
        job = self.launch(fake="collective", ranks=4)
        for _ in range(3):
            code, _, err = self.run_it("mana_status", "--checkpoint")
            self.assertEqual(code, 0, err)
        self.finish(job)

    def test_interval(self):
        job = self.launch("-i", "0.3")
        self.wait_for(lambda: len(self.generations()) >= 2)
        self.finish(job)

    def test_interval_shorter_than_a_checkpoint(self):
        job = self.launch("-i", "0.5", fake="slow=write")
        self.wait_for(lambda: len(self.generations()) >= 2)
        err = self.finish(job)
        self.assertEqual(err.count("some are skipped"), 1, err)

    def test_signals(self):
        job = self.launch()
        job.send_signal(signal.SIGUSR1)
        self.wait_for_status(lambda s: "last_checkpoint" in s)
        job.send_signal(signal.SIGTERM)
        self.end(job, 85)
        self.assertEqual(self.generations(), ["gen-1", "gen-2"])

    # Open MPI's launcher: Hydra's, killed with SIGTERM, returns 0 now and then, natively too.
    def test_second_sigterm_and_sigint(self):
        job = self.launch(fake="slow=park,for=30", mpirun="mpirun.openmpi")
        job.send_signal(signal.SIGTERM)
        self.wait_for_status(lambda s: s["phase"] != "idle")
        job.send_signal(signal.SIGTERM)
        job.communicate(timeout=20)
        self.assertNotIn(job.returncode, (0, 85))
        job = self.launch(mpirun="mpirun.openmpi")
        job.send_signal(signal.SIGINT)
        job.communicate(timeout=20)
        self.assertNotIn(job.returncode, (0, 85))
        self.assertEqual(self.generations(), [])

    def test_requests_of_ranks(self):
        job = self.launch(fake="request=1,only=1")
        self.wait_for_status(lambda s: "last_checkpoint" in s)
        self.finish(job)
        job = self.start("mana_launch", "mpirun.mpich", "-n", "2", "/bin/true", fake="seconds=20,request=2,only=0")
        self.end(job, 85)

    def test_deferred_until_init(self):
        job = self.launch(fake="never_init,only=1")
        self.wait_for_status(lambda s: s["ranks"][0]["state"] == "running")
        status = self.start("mana_status", "--checkpoint")
        self.assertIn("deferred: rank 1 has not called MPI_Init yet", status.stderr.readline())
        self.finish(job)
        self.assertIn("no checkpoint: rank", self.end(status, 75))

    def test_a_rank_that_executes_another_program(self):
        for when in ("first", "seen"):
            with self.subTest(when=when):
                job = self.launch(fake=f"executes={when}")
                status = self.start("mana_status", "--checkpoint")
                self.end(status)
                self.finish(job)

    def test_nobody_begins_before_all_that_are_spawned_are_there(self):
        def begun(fake):
            code, out, err = self.run_it("mana_launch", "mpirun.mpich", "-n", "2", "/bin/true", fake=f"spawns,{fake}")
            self.assertEqual(code, 0, out + err)
            return sorted(re.findall(r"of (\d): (begin|abandon)", out))
        self.assertEqual(begun(""), 3 * [("3", "begin")])
        self.assertEqual(begun("absent,only=2"), 2 * [("2", "begin")] + 2 * [("3", "abandon")])

    def test_a_checkpoint_after_a_spawn_waits_for_all_to_be_rebuilt(self):
        code, out, err = self.run_it("mana_launch", "mpirun.mpich", "-n", "2", "/bin/true", fake="spawns,request=1,rebuilds=1")
        self.assertEqual(code, 0, out + err)
        self.assertIn("checkpoint 2 committed: 3 ranks", err)
        self.assertNotIn("too early", out)

    def test_second_request_joins(self):
        job = self.launch(fake="slow=drain,for=5,only=0")
        first, second = self.start("mana_status", "--checkpoint"), self.start("mana_status", "--checkpoint")
        self.end(first)
        self.end(second)
        self.assertEqual(self.generations(), ["gen-1"])
        self.finish(job)

    # --- faults ---

    def test_a_failure_at_every_phase_leaves_the_job_running(self):
        for phase in ("quiesce", "park", "drain", "write"):
            with self.subTest(phase=phase):
                job = self.launch(fake=f"fail={phase},only=1")
                code, _, err = self.run_it("mana_status", "--checkpoint")
                self.assertEqual(code, 74, err)
                self.assertIn("rank 1: no space", err)
                self.assertIn("no space", self.wait_for_status(lambda s: s["phase"] == "idle")["last_problem"])
                self.finish(job)
                self.assertEqual(self.generations(), [])

    def test_a_rank_that_dies_at_every_phase(self):
        for phase in ("quiesce", "park", "drain", "write"):
            with self.subTest(phase=phase):
                job = self.launch(fake=f"die={phase},only=1")
                code, _, err = self.run_it("mana_status", "--checkpoint")
                self.assertIn(code, (69, 75), err)
                write(f"{self.work}/end", "")  # Hydra lets the others run on
                self.end(job, 7)
                self.assertEqual(self.generations(), [])

    def test_parked_ranks_that_disagree_are_parked_again(self):
        job = self.launch(fake="leaves=1")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 0, err)
        told = self.finish(job)
        self.assertEqual(told.count("again"), 2, "each rank waits at its gates until the next attempt")

    def test_parked_ranks_with_duplications_under_way_are_waited_for(self):
        job = self.launch("--timeout", "3", fake="duplicates=1,only=1")
        started = time.monotonic()
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 0, err)
        self.assertGreaterEqual(time.monotonic() - started, 1)
        self.finish(job)
        job = self.launch("--timeout", "2", fake="duplicates=4,only=1")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 75, err)
        self.assertIn("parking took longer than 2 s: waits for rank 1", err)
        self.finish(job)

    def test_parked_ranks_that_disagree_do_not_wait_for_duplications(self):
        job = self.launch("--timeout", "8", fake="leaves=1,duplicates=5,only=0")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 0, err)
        self.assertEqual(self.finish(job).count("again"), 2)

    def test_a_rank_that_dies_between_two_attempts(self):
        job = self.launch(fake="leaves=1,die=cancel,only=1")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 75, err)
        self.assertIn("rank 1", err)
        write(f"{self.work}/end", "")
        self.end(job, 7)
        self.assertEqual(self.generations(), [])

    def test_time_out_names_the_rank(self):
        job = self.launch("--timeout", "3", fake="slow=park,for=6,only=1")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 75, err)
        self.assertIn("parking took longer than 3 s: waits for rank 1", err)
        self.finish(job)

    def test_directory_deleted_between_checkpoints(self):
        job = self.launch()
        self.assertEqual(self.run_it("mana_status", "--checkpoint")[0], 0)
        shutil.rmtree(f"{self.work}/mana-ckpt")
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 73, err)
        self.assertIn("cannot create", err)
        self.finish(job)

    def test_two_jobs_one_directory(self):
        job = self.launch()
        code, _, err = self.run_it("mana_launch", "mpirun.mpich", "-n", "1", "/bin/true")
        self.assertEqual(code, 75)
        self.assertIn(f"pid {job.pid}", err)
        self.finish(job)

    def test_status_without_a_job(self):
        self.assertEqual(self.run_it("mana_status")[0], 69)
        self.assertEqual(self.run_it("mana_status", "--checkpoint")[0], 69)
        self.assertEqual(self.run_it("mana_status", "--list")[0], 66)
        self.assertEqual(self.run_it("mana_status", "--job", "x")[0], 69)

    def test_status_with_several_jobs(self):
        first = self.launch(ranks=1)
        second = self.start("mana_launch", "--ckpt-dir", "other", "mpirun.mpich", "-n", "1", "/bin/true", fake=self.until_told())
        self.wait_for(lambda: self.run_it("mana_status")[0] == 75)
        code, _, err = self.run_it("mana_status")
        self.assertEqual(code, 75)
        self.assertIn("choose one with --job", err)
        self.wait_for(lambda: self.run_it("mana_status", "--ckpt-dir", "other")[0] == 0)
        self.finish(first)
        self.finish(second)

    def test_the_coordinator_dies(self):
        job = self.launch()
        os.kill(job.pid, signal.SIGKILL)
        job.communicate(timeout=20)
        self.assertEqual(self.run_it("mana_status")[0], 69)
        self.assertEqual(os.listdir(f"{self.work}/run/mana"), [])

    # --- hostile peers ---

    def test_garbage_does_not_disturb(self):
        job = self.launch()
        path = self.wait_for_status(lambda s: True)
        path = f"{self.work}/run/mana/job-{path['id']}.sock"
        frames = [b"\0" * 64, os.urandom(4096), fake_rank.frame("hello", magic=1), fake_rank.frame("hello", version=9),
                  fake_rank.frame("hello")[:12] + b"\xff\xff\xff\x7f", fake_rank.frame("hello")[:7],
                  fake_rank.frame("hello", 0, fake_rank.text("wrong") + b"\0" * 12 + fake_rank.text("h") + b"\0" * 12),
                  fake_rank.frame("parked", 1, b"\0\0\0\0"), fake_rank.frame("nonsense"),
                  fake_rank.frame("hello", 0, b"\xff" * 200)]
        held = []
        for i in range(300):
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            s.sendall(frames[i % len(frames)])
            held.append(s)
        code, _, err = self.run_it("mana_status", "--checkpoint")
        self.assertEqual(code, 0, err)
        for s in held:
            s.close()
        err = self.finish(job)
        self.assertIn("without the token of this job", err)

    # --- restart ---

    def stopped_job(self):
        job = self.launch(ranks=2)
        self.assertEqual(self.run_it("mana_status", "--checkpoint-and-stop")[0], 0)
        self.end(job, 85)

    def test_restart_refusals(self):
        self.assertEqual(self.run_it("mana_restart")[0], 66)
        self.stopped_job()
        code, _, err = self.run_it("mana_restart")
        self.assertEqual(code, 65, err)  # the fake's images are no images
        manifest = f"{self.work}/mana-ckpt/gen-1/MANIFEST.json"
        good = read(manifest).decode()
        for broken, text in [(good[:100], "not a complete manifest"), (good.replace('"format": 1', '"format": 7'), "format 7, this is 1"),
                             (good.replace('"rank": 1', '"rank": 0'), "0 (twice) 1 (missing)"),
                             (good.replace("rank-1.mana", "../x"), "leaves the folder"), ("", "not a complete manifest")]:
            write(manifest, broken)
            code, _, err = self.run_it("mana_restart")
            self.assertEqual(code, 65, err)
            self.assertIn(text, err)
        write(manifest, good)
        os.remove(f"{self.work}/mana-ckpt/gen-1/rank-1.mana")
        os.symlink("rank-0.mana", f"{self.work}/mana-ckpt/gen-1/rank-1.mana")
        self.assertIn(self.run_it("mana_restart")[0], (65, 77))
        self.assertEqual(self.run_it("mana_restart", "--generation", "9")[0], 66)


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
