"""Which members a job asks, of those that are served when its turn comes."""

from collections.abc import Mapping, Sequence

from contracts.jobs import JobOptions
from contracts.members import Vote, asked_members
from jobs.working import GivenUp


def asked_of(options: JobOptions, votes: Mapping[str, Vote], served: Sequence[str]) -> tuple[Vote, list[str]]:
    """The job's vote, and the members that it asks: those it names, or those of `served` that the vote needs.

    Raises GivenUp where the models were changed meanwhile: there is no such vote, or none of those it names.
    """
    if (vote := votes.get(options.vote_profile)) is None:
        raise GivenUp(f"the vote {options.vote_profile} is no longer served")
    asked = options.members or asked_members(vote.weights, served, votes=options.votes)
    if set(asked).isdisjoint(served):
        raise GivenUp(f"no member that it names is served: {', '.join(asked)}")
    return vote, asked
