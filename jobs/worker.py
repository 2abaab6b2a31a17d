"""The job worker: looks at a new video and plans it, and puts together what its segments gave."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
import structlog

from contracts.jobs import FINAL_STATES, WITH_RESULTS, JobOptions, JobState, VideoFacts
from contracts.members import Ensemble
from jobs.artefacts import Artefacts
from jobs.asked import asked_of
from jobs.bells import Bells
from jobs.crew import Crew
from jobs.merge import rows
from jobs.parts import ClassifiedFrame, SegmentPredictions
from jobs.plan import NothingToDo, Plan, plan_video
from jobs.sandbox import annotate_apart, probe_apart
from jobs.scratch import scratch
from jobs.settings import JobSettings
from jobs.stages import Claim
from jobs.store import JobFacts, JobStore, UnknownJob
from jobs.summary import Summariser
from jobs.sweeper import LEFTOVERS
from jobs.timeline import Timeline
from jobs.video import BadVideo
from jobs.webhook import BadWebhook, NotWanted, deliver
from jobs.working import GivenUp, Lease, LeaseLost, StageWorker

log = structlog.get_logger("thespis.jobs")

MESSENGERS = 4
"""Messages to clients that are sent at once, beside all other work: a receiver that hangs holds up no job."""

FINISHERS = 2
"""Jobs that are finished at once, beside all other work: drawing on a long film holds up no other one."""


class JobWorker:
    """Works on the stages `plan`, `finish` and `notify`."""

    def __init__(
        self, store: JobStore, bells: Bells, artefacts: Artefacts, ensemble: Ensemble, settings: JobSettings
    ) -> None:
        self._store = store
        self._bells = bells
        self._artefacts = artefacts
        self._ensemble = ensemble
        self._settings = settings
        patience_s = settings.results_kept_s
        self._planner = StageWorker(store, bells, "plan", self._plan, self._fail, patience_s)
        self._finisher = StageWorker(store, bells, "finish", self._finish, self._fail, patience_s)
        self._notifier = StageWorker(store, bells, "notify", self._notify, self._say_no_more, patience_s)
        self._finishers = Crew(FINISHERS, "finisher", self._finisher.serve)
        self._messengers = Crew(MESSENGERS, "messenger", self._notifier.serve)

    def serve_plans(self) -> None:
        """Plans a job that waits."""
        self._planner.serve()

    def serve_ends(self) -> "Future[None] | None":
        """Finishes the jobs whose segments have ended, from a thread."""
        return self._finishers.call()

    def serve_messages(self) -> "Future[None] | None":
        """Tells the clients that asked for it, from a thread."""
        return self._messengers.call()

    # Planning

    def _plan(self, claim: Claim, lease: Lease) -> None:
        facts = self._facts(claim)
        try:
            with self._artefacts.local(self._artefacts.path(claim.job_id, "upload")) as path:
                video = probe_apart(path)
            plan = plan_video(video, facts.options)
        except (BadVideo, NothingToDo) as problem:
            raise GivenUp(str(problem)) from problem
        except FileNotFoundError as problem:
            raise GivenUp("its upload is gone") from problem
        lease.check()
        if not self._store.start(claim.job_id, plan, video, self._versions(facts.options)):
            raise LeaseLost
        log.info("job_started", frames=plan.ticks, segments=plan.segments)
        self._bells.ring("detect")

    def _versions(self, options: JobOptions) -> dict[str, int]:
        """Of the members that are asked for the job."""
        members = self._ensemble.members
        _, asked = asked_of(options, self._ensemble.votes, list(members))
        if gone := [name for name in asked if name not in members]:
            raise GivenUp(f"no longer served: {', '.join(gone)}")
        return {name: members[name].version for name in asked}

    # Finishing

    def _finish(self, claim: Claim, lease: Lease) -> None:
        facts = self._facts(claim)
        if facts.state == "cancelling":
            self._end_without_results(claim, facts, "cancelled", "")
            return
        # Results are removed below: whoever stood still since the claim and was overtaken would remove the other's.
        if facts.state in FINAL_STATES or not self._store.stages.renew(claim):
            raise LeaseLost
        state, message = self._put_together(claim.job_id, facts, lease)
        lease.check()
        # First the end, then the leftovers: who falls in between must not lack them when it is tried again.
        if not self._end(claim, facts, state, message):
            self._end_without_results(claim, facts, "cancelled", "")  # if that was asked for meanwhile
            return
        for leftover in LEFTOVERS:
            self._artefacts.remove(self._artefacts.path(claim.job_id, leftover))

    def _put_together(self, job_id: str, facts: JobFacts, lease: Lease) -> tuple[JobState, str]:
        """Writes the results; the state that the job ends in, and why where it is not a success."""
        plan, video = facts.plan, facts.video
        if plan is None or video is None:
            raise GivenUp("it was never planned")
        self._artefacts.remove(self._artefacts.path(job_id, "results"))  # of an attempt that fell
        errors = self._store.missing(job_id)
        summariser, timeline = Summariser(1 / plan.fps), Timeline(plan.start_s, plan.time_of(plan.ticks))
        frames = _Frames(self._artefacts, job_id, plan.segments, set(errors), lease)
        trouble = ""
        with scratch() as folder:
            rows_path = folder / "rows.ndjson"
            with rows_path.open("wb") as file:
                for row in rows(frames, facts.options.smoothing):
                    summariser.add(row)
                    timeline.add(row)
                    file.write(msgspec.json.encode(row) + b"\n")
            if facts.options.annotated and frames.seen:
                trouble = self._annotate(job_id, video, plan, rows_path, folder / "annotated.webm", lease)
            summary = summariser.summary(frames.seen, frames.unreadable, frames.without_member)
            self._put(job_id, "summary.json", msgspec.json.encode(summary))
            self._put(job_id, "timeline.png", timeline.png())
            self._put_file(job_id, "rows.ndjson", rows_path)
        if not frames.seen:
            first = next(iter(errors.values())) if errors else "no frame lies in the chosen stretch"
            return "failed", first
        if errors:
            missing = f"{len(errors)} of {plan.segments} segments are missing or incomplete: see errors"
            return "partially_succeeded", f"{missing}; {trouble}" if trouble else missing
        return "succeeded", trouble

    def _annotate(self, job_id: str, video: VideoFacts, plan: Plan, rows_path: Path, target: Path, lease: Lease) -> str:
        """Why there is no annotated video; empty when there is one. The rows are worth keeping either way."""
        if video.container == "zip":
            return "it could not be annotated: pictures of a zip are no video"
        try:
            with self._artefacts.local(self._artefacts.path(job_id, "upload")) as upload:
                annotate_apart(upload, video, plan, rows_path, target, lease.check)
        except BadVideo as problem:
            return f"it could not be annotated: {problem}"
        self._put_file(job_id, "annotated.webm", target)
        return ""

    def _put(self, job_id: str, name: str, data: bytes) -> None:
        self._artefacts.write_whole(self._artefacts.path(job_id, "results", name), data)

    def _put_file(self, job_id: str, name: str, source: Path) -> None:
        self._artefacts.copy_whole(source, self._artefacts.path(job_id, "results", name))

    def _facts(self, claim: Claim) -> JobFacts:
        try:
            return self._store.facts(claim.job_id)
        except UnknownJob:
            self._store.stages.drop(claim)
            raise LeaseLost from None

    def _fail(self, claim: Claim, message: str) -> None:
        with contextlib.suppress(UnknownJob):
            facts = self._store.facts(claim.job_id)
            state: JobState = "cancelled" if facts.state == "cancelling" else "failed"
            self._end_without_results(claim, facts, state, message)

    def _end_without_results(self, claim: Claim, facts: JobFacts, state: JobState, message: str) -> None:
        if self._end(claim, facts, state, message):
            self._artefacts.remove(self._artefacts.path(claim.job_id))

    def _end(self, claim: Claim, facts: JobFacts, state: JobState, message: str) -> bool:
        expires_s = time.time() + self._settings.results_kept_s if state in WITH_RESULTS else None
        notify = bool(facts.options.webhook_url)
        if not self._store.end(claim.job_id, state, message, claim=claim, expires_s=expires_s, notify=notify):
            return False
        log.info("job_ended", job_id=claim.job_id, state=state, reason=message)
        if notify:
            self._bells.ring("notify")
        return True

    # Telling the client

    def _notify(self, claim: Claim, lease: Lease) -> None:
        view = self._store.view(claim.job_id)
        body = msgspec.json.encode({"type": f"job.{view.state}", "timestamp": view.ended_s, "data": view})
        try:
            deliver(
                view.options.webhook_url, f"job_{claim.job_id}", body, self._settings.webhook_secret,
                private_allowed=self._settings.webhooks_to_private,
            )  # fmt: skip
        except (BadWebhook, NotWanted) as problem:
            raise GivenUp(str(problem) or "the receiver wants no more messages") from problem
        self._store.stages.drop(claim)
        log.info("webhook_delivered", attempt=claim.attempt)

    def _say_no_more(self, claim: Claim, message: str) -> None:
        self._store.stages.drop(claim)
        log.warning("webhook_given_up", reason=message)

    def close(self) -> None:
        """Nothing more is begun by its threads; what is in hand is ended or handed back."""
        self._finishers.close()
        self._messengers.close()


class _Frames:
    """The frames of all segments that were done, in order, one segment in memory at a time."""

    def __init__(self, artefacts: Artefacts, job_id: str, segments: int, faulty: set[int], lease: Lease) -> None:
        self._artefacts = artefacts
        self._job_id = job_id
        self._segments = segments
        self._faulty = faulty
        self._lease = lease
        self.seen = 0
        self.unreadable = 0
        self.without_member: Counter[str] = Counter()

    def __iter__(self) -> Iterator[ClassifiedFrame]:
        for segment in range(self._segments):
            self._lease.check()
            path = self._artefacts.path(self._job_id, "segments", str(segment))
            # One that is named in the job's errors may have given some of its frames.
            if segment in self._faulty and not self._artefacts.exists(path):
                continue
            data = self._artefacts.read(path)
            predictions = msgspec.msgpack.decode(data, type=SegmentPredictions)
            self.without_member.update(dict.fromkeys(predictions.missing, len(predictions.frames)))
            for frame in predictions.frames:
                self.seen += 1
                self.unreadable += bool(frame.error)
                yield frame
