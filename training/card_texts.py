"""What the model card says in words; its figures come from `training.model_card`."""

DATA = """\
## Data

FER2013: 48×48 gray pictures of faces, gathered from the web by search words and labelled with one of seven
words each (angry, disgust, fear, happy, sad, surprise, neutral). 28,709 pictures for training, 3,589 in the
public test, 3,589 in the private test. 703 training pictures that also stand in a test split were left out
(`training/fer2013.py`, by content hash, mirror images included), so 28,006 were trained on. Temperatures
and the vote's weights were chosen on the public test; the private test was used for the figures below only.
The data are for research use and no part of this repository.

FER2013's labels are noisy: they agree with the plurality of FER+'s ten annotators a picture in only about
62 % of pictures. People who score well on it still differ from the labels often.
"""

RECIPES = """\
## Members and how they were trained

Trained from scratch by `training/train.py` on a CPU: SGD with Nesterov momentum, warm-up and cosine, decay on
kernels only, label smoothing, a running average of the weights (the exported ones), mirror, rotation, zoom,
shift, brightness, contrast and, where given, random erasing, mixup and, in what is learned, a share of FER+'s
annotators' votes or of what members trained before say of the same picture (distillation). `models/models.toml`
carries every setting. The networks of `training/zoo/` that stand on pre-trained backbones need those weights
and a GPU; none of them is among the members, and nothing is claimed for them.
"""

TWO_TRUTHS = """\
### Two truths

FER2013's own label is one truth, what most of FER+'s ten annotators saw is another; the second counts only
pictures where one of the seven labels leads.
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
