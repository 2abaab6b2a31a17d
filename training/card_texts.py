"""What the model card says in words; its figures come from `training.model_card`."""

DATA = """\
## Data

FER2013: 48×48 gray pictures of faces, gathered from the web by search words and labelled with one of seven
words each (angry, disgust, fear, happy, sad, surprise, neutral). 28,709 pictures for training, 3,589 in the
public test, 3,589 in the private test. 703 training pictures that also stand in a test split were left out
(`training/fer2013.py`, by content hash, mirror images included), so 28,006 were trained on. Members, temperatures
and the votes' weights were chosen on the public test. The private test's figures were looked at after each choice
(some stand in `docs/adr/`), and none was chosen by them. (The gray border around pictures that are sent whole was, on
150 of them; the public test chooses the same.)
The data are for research use and no part of this repository.

Members of the architecture `face_mobilenet` start from a network that learned to tell people apart on the faces of
VGGFace2 (arXiv 1710.08092): HSE-FaceRes (Savchenko, arXiv 1807.07718), as npm's `@vladmandic/human`
(MIT) ships it. No expression was named to it. Whose faces VGGFace2 holds, celebrities' from web searches, and their
imbalance come along; what it knew of telling people apart is neither exported nor answered.

FER2013's labels are noisy: they are the label that FER+'s ten annotators named most often in only about 62 % of
pictures (ties count as no agreement). People who score well on it still differ from the labels often.
"""

RECIPES = """\
## Members and how they were trained

Trained by `training/train.py` on a CPU, `face_mobilenet` from the backbone above and all others from scratch. From
scratch: SGD with Nesterov momentum, decay on kernels only; from the backbone: Adam, its first seven layers left as
they are, and a second head that learns FER+'s annotators beside the first (the weight of its loss is in the table).
All have warm-up and a cosine, a running average of the weights (which is what is exported), mirror, rotation, zoom,
shift, brightness and contrast. Some, as the table says, have label smoothing, random erasing and mixup, and learn a
share of FER+'s annotators' votes or of what members trained before say of the same picture (distillation).
What the table calls finished went on for so many epochs of pictures as they are, mirrored at the most, at a tenth of
the rate (docs/adr/0011).
The statistics of their normalisations were measured anew afterwards, on 4,096 training pictures as they are (PreciseBN,
arXiv 2105.07576): those that training leaves are of varied pictures, which a crop is not (docs/adr/0010).
`models/models.toml` carries each setting that there was when the member was trained; one that came later had its
default. They are not the original's recipes (`training.train five_layer --original` trains with its batch size, decay
and halving of the rate), so a figure near the original's is no replication.

`vgg` was trained for 60 epochs and then went on towards 120: its rate fell, rose and fell again, and the table counts
more epochs on smaller pictures (84) than there were (66). `mobilenet_second` was trained when pictures were
varied before they were enlarged (docs/adr/0013), and some of the teachers are versions that were replaced since. The
original's own transfer networks, which need other weights and a GPU, are not among the members, and nothing is claimed
for them.
"""

TWO_TRUTHS = """\
### Two truths

FER2013's own label is one truth, the label that FER+'s ten annotators named most often is another; the second
counts only pictures where one of the seven labels leads, be it with fewer than half of the votes, and votes for
contempt, an unknown expression or no face are not counted.

The default vote favours FER2013's label, because that is what published figures and this project's target are
measured by. People who look at the page side with the annotators: who shows results to people may rather ask for the
vote profile `ferplus` (`vote_profile=ferplus`, or the page's choice), at the price that the table shows.
"""

MARKS_INTRODUCTION = """\
### Beside what was claimed and aimed at

The original's and the published figures are theirs, not measured here, and on whichever pictures they used; the
published one was reached with choices made on the test set.
"""

ROBUSTNESS = """\
### Pictures made harder

Accuracy on the private test with every picture changed by `training/robustness.py`, which carries the exact
parameters. They simulate poor conditions; they are no photographs of them.
"""

LIMITS = """\
## Limits

- A picture shows a face at one moment. The seven percentages say how similar it is to pictures that people
  gave these seven words; they say **nothing about what a person feels**, means or is. Faces move for many
  reasons, and the same feeling shows differently in different people, cultures and situations.
- The pictures come from web searches; ages, skin tones, cultures and disabilities are neither balanced nor
  labelled, so no figure for a group can be given, and errors must be expected to be unequal.
- *disgust* is rare (1.5 % of the training pictures); *fear*, *sad* and *neutral* are often taken for one
  another.
- Strong side views and faces below about 40 pixels are outside what was measured; poor light, blur, tilted and
  covered faces are at most simulated (see the figures), never photographed.
- The percentages are calibrated on FER2013, not on webcams.

## What it must not be used for

- **Inferring emotions of people at work or in education**: prohibited in the European Union (AI Act,
  Regulation (EU) 2024/1689, Article 5(1)(f)), except for medical or safety reasons.
- Any decision about a person: hiring, grading, insurance, credit, policing, border control, lie detection,
  diagnosis.
- Watching people who do not know it. Whoever deploys an emotion recognition system must tell the people
  exposed to it (AI Act, Article 50(3)) and process their data lawfully.

## What it is meant for

Demonstrations, teaching, research on models and systems, and interfaces that people use knowingly on
themselves.
"""

# The architectures of `training/zoo/`; a test compares the two.
ZOO = (
    "residual",
    "se_residual",
    "vgg",
    "inception",
    "deep_cnn",
    "five_layer",
    "baseline",
    "resnet50",
    "senet50",
    "vgg16",
    "inception_v3",
    "face_mobilenet",
)

# What the original claims, what its nearest published source (arXiv 2004.11823) reports with choices made on the test
# set, and what this project aimed at; shares of FER2013's private test, by the name of what is compared.
MARKS = {
    "vote": {"original": 0.762, "published": 0.758, "target": 0.74},
    "best member": {"target": 0.71},
    "baseline": {"original": 0.64},
    "five_layer": {"original": 0.663},
    "inception_v3": {"original": 0.734},
}
