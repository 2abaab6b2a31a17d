"""Labelled pictures sent through a running platform: cropped already, and as pictures of a whole face."""

import asyncio
from collections.abc import Callable
from typing import Any

import cv2
import httpx
import msgspec
import numpy as np
from numpy.typing import NDArray

from training.fer2013 import LABELS, Split
from training.measures import accuracy

IN_FLIGHT = 8
TIMEOUT_S = 30.0
ENLARGEMENT = 5
BORDER = 0.25  # of the enlarged picture's side, added on each of its sides
BORDER_GRAY = 128
JPEG_QUALITY = 95
# In 1,000 pictures of the public test BlazeFace finds 99.3 % of faces with this border, 96.8 % with one of replicated
# pixels, and 98.5 % with a gray one of 0.15. (It had been chosen on 150 of the private test, and is the same by these.)

SAME_WITHIN = 0.005  # of a probability: TensorFlow Serving and LiteRT round a network's sums differently

Encode = Callable[[NDArray[np.uint8]], bytes]
OfflineVote = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""uint8 pictures [n, 48, 48] -> probabilities [n, 7]."""


class ServedError(Exception):
    """Raised when the platform can't be reached, answers a picture with anything but faces of all its members' vote, or
    serves another vote than the offline one.
    """


class Box(msgspec.Struct, frozen=True):
    """A face's place in pixels of the picture sent."""

    x: float
    y: float
    width: float
    height: float


class Face(msgspec.Struct, frozen=True):
    """One face of a reply, as far as it is looked at here."""

    box: Box
    probabilities: dict[str, float]


class Voters(msgspec.Struct, frozen=True):
    """Who did not answer in time for a picture."""

    missing: list[str] = []


class Reply(msgspec.Struct, frozen=True):
    """The reply of `POST /v1/images`, as far as it is looked at here."""

    faces: list[Face]
    members: Voters = Voters()


def make_sure_it_is_ready(url: str) -> None:
    """Raise ServedError where no platform is ready at the URL: known before the long part begins, nothing is lost."""
    try:
        answer = httpx.get(f"{url.rstrip('/')}/readyz", timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise ServedError(f"nothing answers at {url} ({error}); start the platform with `thespis up`") from error
    if answer.status_code != httpx.codes.OK:
        raise ServedError(f"{url} is not ready: {answer.text[:200]}")


def measure_served(url: str, split: Split, vote: OfflineVote, profile: str = "default") -> dict[str, dict[str, float]]:
    """Figures of all ways through the platform; `vote` is the same vote without it.

    What JPEG does is told apart from what the platform does: `cropped_jpeg` is compared with the offline vote on the
    pictures as they were, and by `largest_difference_from_jpegs` with that on the same JPEGs. Raises ServedError where
    the platform answers anything but the offline vote to the pictures that it was sent.
    """
    ways = ((as_png, True), (as_jpeg, True), (as_photograph, False))
    try:
        cropped, lossy, whole = [
            asyncio.run(_send_all(url, split, encode, profile, already_cropped=is_cropped))
            for encode, is_cropped in ways
        ]
    except httpx.HTTPError as error:
        raise ServedError(f"{url} stopped answering: {error!r}") from error
    offline, from_jpegs = vote(split.pictures), vote(np.stack([through_jpeg(picture) for picture in split.pictures]))
    figures = {
        "cropped": cropped_figures(cropped, split, offline),
        "cropped_jpeg": cropped_figures(lossy, split, offline)
        | {"largest_difference_from_jpegs": cropped_figures(lossy, split, from_jpegs)["largest_difference"]},
        "uncropped": uncropped_figures(whole, split),
    }
    for way, found in (
        ("PNG", figures["cropped"]["largest_difference"]),
        ("JPEG", figures["cropped_jpeg"]["largest_difference_from_jpegs"]),
    ):
        if found > SAME_WITHIN:
            raise ServedError(
                f"{url} does not serve these members' vote {profile!r}: of the same {way} its probabilities differ by "
                f"up to {found:.4f}, {SAME_WITHIN} is rounding. Does it serve other versions? TensorFlow Serving "
                "serves float files, a bare machine those of `bare_machine_file`: compare with --float or without"
            )
    return figures


def cropped_figures(replies: list[Reply], split: Split, offline: NDArray[np.floating]) -> dict[str, float]:
    """Accuracy of crops sent as they are, and how far their probabilities lie from the offline ones."""
    if any(len(reply.faces) != 1 for reply in replies):
        raise ServedError("an already cropped picture must be answered with exactly one face")
    probabilities = np.array([probabilities_of(reply.faces[0]) for reply in replies])
    return {
        "n": len(split),
        "accuracy": accuracy(probabilities, split.labels),
        "largest_difference": float(np.abs(probabilities - offline).max()),
        "same_top": float((probabilities.argmax(axis=1) == offline.argmax(axis=1)).mean()),
    }


def uncropped_figures(replies: list[Reply], split: Split) -> dict[str, float]:
    """Share of pictures with a face found, and the accuracy of the largest face where there is one."""
    found = np.array([bool(reply.faces) for reply in replies])
    figures = {"n": len(split), "share_detected": float(found.mean())}
    if found.any():
        largest = [
            max(reply.faces, key=lambda face: face.box.width * face.box.height) for reply in replies if reply.faces
        ]
        probabilities = np.array([probabilities_of(face) for face in largest])
        figures["accuracy_on_detected"] = accuracy(probabilities, split.labels[found])
    return figures


def probabilities_of(face: Face) -> list[float]:
    """A face's seven probabilities in the order of `LABELS`."""
    return [face.probabilities[label] for label in LABELS]


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """uint8 picture [48, 48] -> a lossless PNG of it."""
    return _png(picture)


def as_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """uint8 picture [48, 48] -> a JPEG of it, with 8×8 blocks that are large for a face of 48."""
    done, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ServedError("OpenCV could not write a JPEG")
    return encoded.tobytes()


def through_jpeg(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 picture [48, 48] as it is after a JPEG's way there and back."""
    decoded = cv2.imdecode(np.frombuffer(as_jpeg(picture), np.uint8), cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        raise ServedError("OpenCV could not read its own JPEG")
    return decoded.astype(np.uint8)


def as_photograph(picture: NDArray[np.uint8]) -> bytes:
    """uint8 picture [48, 48] -> a PNG of it enlarged, with the room around the head that detectors expect."""
    side = picture.shape[0] * ENLARGEMENT
    enlarged = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    border = round(side * BORDER)
    return _png(cv2.copyMakeBorder(enlarged, border, border, border, border, cv2.BORDER_CONSTANT, value=BORDER_GRAY))


def _png(gray_image: NDArray[Any]) -> bytes:
    done, encoded = cv2.imencode(".png", gray_image)
    if not done:
        raise ServedError("OpenCV could not write a PNG")
    return encoded.tobytes()


async def _send_all(url: str, split: Split, encode: Encode, profile: str, already_cropped: bool) -> list[Reply]:
    """One request a picture, several in flight; replies in the pictures' order."""
    turns = asyncio.Semaphore(IN_FLIGHT)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as client:

        async def send(picture: NDArray[np.uint8]) -> Reply:
            async with turns:
                response = await client.post(
                    "/v1/images",
                    params={"vote_profile": profile} | ({"already_cropped": "true"} if already_cropped else {}),
                    content=encode(picture),
                )
            if response.status_code != httpx.codes.OK:
                raise ServedError(f"{response.status_code} from {response.url}: {response.text[:200]}")
            reply = msgspec.json.decode(response.content, type=Reply)
            if reply.members.missing:
                raise ServedError(
                    f"{', '.join(reply.members.missing)} did not answer in time at {url}: is the machine busy with "
                    "something else, or is a member down? `thespis doctor` tells"
                )
            return reply

        sending = [asyncio.create_task(send(picture)) for picture in split.pictures]
        try:
            return await asyncio.gather(*sending)
        finally:  # where one failed, the others let go of their connections while there is still a loop to close them
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
