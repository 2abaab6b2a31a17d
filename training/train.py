"""Train one member on FER2013. Reads top to bottom: configuration, data, model, loop.

    python -m training.train residual --data ../shared/data/fer2013

writes `runs/residual/`: `log.csv`, `learning_curve.png` and `checkpoint.npz`, which carries the
configuration, the epoch, the weights, their running average and the optimizer's state. The same command
after a kill goes on from the checkpoint; with `--epochs` it goes on towards another end. The averaged
weights are what `training.export` exports. Only the public test is looked at here.

    python -m training.train five_layer --original --data ../shared/data/fer2013

trains by the original's recipe instead of ours, and

    python -m training.train vgg --set rotation_degrees=20 --set mirror=false --data ../shared/data/fer2013

by ours with two settings changed.
"""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# TensorFlow leaves oneDNN off where the CPU has no AVX512; with AVX2 it was measured 1.5 to 3 times faster.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import click
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from training import fer2013
from training.augmentation import Augmentation, augment, mix_up
from training.auxiliary import with_auxiliary
from training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from training.command_help import DATA_HELP, help_of
from training.distillation import taught
from training.ferplus import SECOND_HEAD
from training.recipe_settings import parse_settings, plain_fields
from training.run_log import LOG_FIELDS, add_to_log, plot_learning_curve
from training.trained import FINISHED
from training.zoo import BUILDERS, PREPARATIONS, TRANSFER
from training.zoo.transfer import BackboneWeightsError

# ---------------------------------------------------------------------------------------- configuration

OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("cosine", "plateau")
PRECISIONS = ("float32", "mixed_bfloat16")
COUNTS = ("epochs", "batch_size", "small_resolution", "evaluate_every")
SHARES = ("momentum", "label_smoothing", "ferplus", "averaging", "small_share", "distillation")
PICTURES_TO_BEGIN_WITH = 1024
ADAM_BETA_2 = 0.99  # a transfer network is trained for a few thousand steps, of which Adam should remember hundreds
PATIENCE = 10  # epochs without a better public accuracy, after which the plateau's learning rate is halved


@dataclass(frozen=True, slots=True)
class Configuration:
    """One run's recipe; a checkpoint carries it. Raises click.ClickException for one that can't be trained."""

    architecture: str
    epochs: int = 40
    batch_size: int = 128
    optimizer: str = "sgd"  # or "adam", for weights whose scales differ as a backbone's do
    learning_rate: float = 0.1
    schedule: str = "cosine"  # of the learning rate: down to nothing, or "plateau", halved when nothing gets better
    warm_up_epochs: float = 1.0
    momentum: float = 0.9  # Adam's first beta
    nesterov: bool = True  # of SGD
    weight_decay: float = 5e-4  # on kernels only, added to their gradient
    label_smoothing: float = 0.1
    ferplus: float = 0.0  # share of FER+'s annotators in what is learned; FER2013's own label has the rest
    ferplus_head: float = 0.0  # weight of a second head's loss, which learns FER+'s annotators
    class_weights: bool = False  # each label's pictures count together as much as any other's
    averaging: float = 0.999  # of the old average that a step keeps; 0 for the last weights themselves
    small_resolution: int = 48  # of the pictures in the first `small_share` of the epochs, before any enlarging
    small_share: float = 0.0
    precision: str = "float32"  # or mixed_bfloat16, which is faster on some CPUs with avx512_bf16 or AMX
    evaluate_every: int = 2  # epochs
    seed: int = 1
    backbone_weights: str = "none"  # of a transfer network: imagenet, vggface or a file
    teachers: tuple[str, ...] = ()  # exported members' .tflite files (training/distillation.py)
    distillation: float = 0.0  # share of the teachers in what is learned; the labels have the rest
    auxiliary: tuple[str, ...] = ()  # data sets beside FER2013, each as kind=DIR (training/auxiliary.py)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise click.ClickException(f"{name} is {' or '.join(known)}, not {getattr(self, name)!r}")
        if wrong := [name for name in COUNTS if getattr(self, name) < 1]:
            raise click.ClickException(f"{', '.join(wrong)} must be at least 1")
        if wrong := [name for name in SHARES if not 0.0 <= getattr(self, name) <= 1.0]:
            raise click.ClickException(f"{', '.join(wrong)} must be from 0 to 1")
        if self.schedule == "plateau" and self.evaluate_every != 1:
            raise click.ClickException("the plateau is looked for after every epoch: evaluate_every must be 1")


FULL_AUGMENTATION = Augmentation(erasing=0.25, brightness=0.2, contrast=0.2)
# The compact networks are fully convolutional, so their early epochs can read smaller pictures at 45 % of the cost: two
# thirds of the epochs in under half of the time.
COMPACT = Configuration(
    "residual", epochs=60, averaging=0.998, small_resolution=32, small_share=0.7, augmentation=FULL_AUGMENTATION
)

# It knows faces already, so a few epochs are enough; annotators' votes keep it from learning single people's labels by
# heart. As of the compact networks, its early epochs read smaller pictures.
FACE_MOBILENET = Configuration(
    "face_mobilenet",
    epochs=12,
    optimizer="adam",
    learning_rate=1e-3,
    weight_decay=0.0,
    small_resolution=32,
    small_share=0.5,
    averaging=0.995,
    ferplus_head=0.5,
    backbone_weights="vggface",
    augmentation=replace(FULL_AUGMENTATION, shift=0.1),
)

RECIPES = {
    **{name: replace(COMPACT, architecture=name) for name in ("residual", "se_residual", "vgg", "inception")},
    # Its dense layers read 48x48 only and are not normalised: at a rate of 0.05 it was seen to diverge.
    "deep_cnn": Configuration(
        "deep_cnn",
        epochs=60,
        learning_rate=0.01,
        averaging=0.998,
        augmentation=FULL_AUGMENTATION,
    ),
    # The small networks underfit under the full recipe; theirs is lighter.
    "five_layer": Configuration(
        "five_layer",
        epochs=40,
        averaging=0.998,
        weight_decay=2e-4,
        augmentation=Augmentation(10.0, 0.10, 0.08, 0.2, 0.2, erasing=0.0),
    ),
    "baseline": Configuration(
        "baseline",
        epochs=9,
        averaging=0.998,
        weight_decay=1e-4,
        label_smoothing=0.05,
        augmentation=Augmentation(8.0, 0.08, 0.06, 0.15, 0.15, erasing=0.0),
    ),
    **{name: Configuration(name, epochs=20, batch_size=32, learning_rate=0.01) for name in TRANSFER},
    "face_mobilenet": FACE_MOBILENET,
}

ORIGINAL_AUGMENTATION = Augmentation(10.0, 0.10, 0.10, brightness=0.0, contrast=0.0, erasing=0.0)
ORIGINAL_FIVE_LAYER = Configuration(
    "five_layer",
    epochs=RECIPES["five_layer"].epochs,
    batch_size=64,
    schedule="plateau",
    warm_up_epochs=0.0,
    nesterov=False,
    weight_decay=1e-4,
    label_smoothing=0.0,
    averaging=0.0,
    evaluate_every=1,
    augmentation=ORIGINAL_AUGMENTATION,
)


def original(architecture: str) -> Configuration:
    """The original's recipe of the five-layer network; another network's own with the original's augmentation."""
    if architecture == ORIGINAL_FIVE_LAYER.architecture:
        return ORIGINAL_FIVE_LAYER
    return replace(RECIPES[architecture], augmentation=ORIGINAL_AUGMENTATION)


def with_settings(configuration: Configuration, settings: Iterable[str]) -> Configuration:
    """The configuration with each `NAME=VALUE` in it or in its augmentation; raises click.ClickException."""
    own, of_augmentation = plain_fields(Configuration), plain_fields(Augmentation)
    del own["architecture"]  # is the command's argument
    values = parse_settings(settings, own | of_augmentation)
    augmentation = {name: value for name, value in values.items() if name in of_augmentation}
    return replace(
        configuration,
        **{name: value for name, value in values.items() if name in own},
        augmentation=replace(configuration.augmentation, **augmentation),
    )


def learning_rate_at(
    step: int, steps: int, steps_per_epoch: int, configuration: Configuration, public_accuracies: Sequence[float] = ()
) -> float:
    """Linear warm-up, then half a cosine down to nothing at the last step; of the plateau, the rate halved as often as
    the epochs' public accuracies so far tell.
    """
    warm_up_steps = configuration.warm_up_epochs * steps_per_epoch
    if step < warm_up_steps:
        return configuration.learning_rate * (step + 1) / warm_up_steps
    if configuration.schedule == "plateau":
        return float(configuration.learning_rate * 0.5 ** halvings(public_accuracies))
    progress = (step - warm_up_steps) / max(steps - warm_up_steps, 1)
    return float(configuration.learning_rate * 0.5 * (1.0 + np.cos(np.pi * min(progress, 1.0))))


def halvings(public_accuracies: Sequence[float]) -> int:
    """How often `PATIENCE` epochs went by with none better than the best before them."""
    best, waited, count = -np.inf, 0, 0
    for accuracy in public_accuracies:
        waited = 0 if accuracy > best else waited + 1
        best = max(best, accuracy)
        if waited == PATIENCE:
            waited, count = 0, count + 1
    return count


def resolution_at(epoch: int, configuration: Configuration) -> int:
    """Side of the pictures that the network reads in this epoch."""
    small = epoch < round(configuration.small_share * configuration.epochs)
    return configuration.small_resolution if small else 48


# ------------------------------------------------------------------------------------------------- data


def with_annotators(labels: np.ndarray, split: fer2013.Split) -> np.ndarray:
    """What two heads learn side by side, float32 [n, 14]: `labels` [n, 7] and the annotators' shares, where those are
    known; nothing elsewhere.
    """
    if split.ferplus is None:
        raise click.ClickException(
            f"the {split.name} split has no votes of FER+'s annotators for a second head to learn; "
            "--set ferplus_head=0 trains without one"
        )
    return np.concatenate([labels, split.ferplus], axis=1)


def to_learn(train: fer2013.Split, configuration: Configuration) -> np.ndarray:
    """What is learned of the pictures, float32 [n, 7 a head]: labels, teachers and annotators as the recipe wants."""
    labels = targets(train, configuration.ferplus)
    labels = taught(labels, train.pictures, configuration.teachers, configuration.distillation)
    return with_annotators(labels, train) if configuration.ferplus_head else labels


def targets(split: fer2013.Split, ferplus: float) -> np.ndarray:
    """What is learned, float32 [n, 7]: FER2013's label blended with the annotators' shares, where those are known."""
    own = np.eye(7, dtype=np.float32)[split.labels]
    if ferplus == 0.0:
        return own
    if split.ferplus is None:
        raise click.ClickException(f"the {split.name} split has no votes of FER+'s annotators to blend in")
    known = split.ferplus.sum(axis=1, keepdims=True) > 0.0
    return np.where(known, ferplus * split.ferplus + (1.0 - ferplus) * own, own).astype(np.float32)


def balancing_weights(labels: np.ndarray) -> np.ndarray:
    """Weights [7] inversely proportional to the labels' counts, with mean 1 over the pictures."""
    counts = np.bincount(labels, minlength=7)
    return (len(labels) / (7.0 * np.maximum(counts, 1))).astype(np.float32)


# ------------------------------------------------------------------------------------------------ model


def untrained(configuration: Configuration) -> keras.Model:
    """The configuration's network; a transfer network with its backbone's weights."""
    if configuration.architecture in TRANSFER:
        try:
            return TRANSFER[configuration.architecture](configuration.backbone_weights)
        except BackboneWeightsError as error:
            raise click.ClickException(str(error)) from error
    if configuration.backbone_weights != "none":
        raise click.ClickException(f"{configuration.architecture} has no backbone to give weights to")
    return BUILDERS[configuration.architecture]()


def optimizer_of(configuration: Configuration) -> keras.optimizers.Optimizer:
    """With a rate of nothing yet: every step sets its own."""
    if configuration.optimizer == "adam":
        return keras.optimizers.Adam(0.0, beta_1=configuration.momentum, beta_2=ADAM_BETA_2)
    return keras.optimizers.SGD(0.0, momentum=configuration.momentum, nesterov=configuration.nesterov)


def with_second_head(model: keras.Model) -> keras.Model:
    """The network that is trained: two lots of logits [n, 7] from the same features, the model's own first."""
    second = keras.layers.Dense(7, dtype="float32", name=SECOND_HEAD)(model.get_layer("logits").input)
    return keras.Model(model.input, [model.output, second])


def behind_enlarging(model: keras.Model) -> tuple[keras.Model, int]:
    """The part of a network behind the layer that enlarges its pictures, and how many times that does; the whole, and
    1, where there is none.

    To vary a picture is to interpolate it. Enlarging afterwards what was varied at the small size would blur it twice,
    as no crop is blurred that the network will be asked about.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.UpSampling2D):
            return keras.Model(layer.output, model.output), layer.size[0]
    return model, 1


class Diverged(click.ClickException):
    """Raised when a loss or a weight is not a finite number any more, after which nothing is learned."""

    def __init__(self, epoch: int) -> None:
        super().__init__(
            f"diverged in epoch {epoch + 1}: its numbers are not finite any more. Nothing of this epoch is kept; start "
            "anew at a smaller rate: --set learning_rate=…"
        )


class Trainer:
    """A network with its running average and optimizer, and the one compiled step that changes them."""

    def __init__(self, configuration: Configuration) -> None:
        """Build everything that a checkpoint later restores."""
        keras.mixed_precision.set_global_policy(configuration.precision)
        keras.utils.set_random_seed(configuration.seed)
        self.configuration = configuration
        self.class_weights = tf.Variable(tf.ones(7))
        self.model = untrained(configuration)
        side = self.model.input_shape[1]
        if configuration.small_share and side not in (None, configuration.small_resolution):
            raise click.ClickException(
                f"{configuration.architecture} reads {side}×{side} pictures only: small_share must be 0"
            )
        self.learner = with_second_head(self.model) if configuration.ferplus_head else self.model
        self.behind, self.enlarged = behind_enlarging(self.learner)
        self.optimizer = optimizer_of(configuration)
        self.optimizer.build(self.learner.trainable_variables)
        # Of the model and behind it those of the second head, where there is one.
        self.averages_of = list(self.model.weights)
        if configuration.ferplus_head:
            self.averages_of += self.learner.get_layer(SECOND_HEAD).weights
        self.averaged = [tf.Variable(weight.value) for weight in self.averages_of]
        self.averaging = tf.Variable(0.0)
        self.public_accuracies: list[float] = []
        self.step = tf.function(self._step, reduce_retracing=False)
        self.predict = tf.function(lambda pictures: self.model(pictures, training=False))

    def begin_with(self, pictures: np.ndarray) -> None:
        """Before the first step: fit the network to some of the pictures [n, 48, 48, 1], where its architecture wants
        it; to some from all over, as FER2013's training pictures are sorted by label.
        """
        prepare = PREPARATIONS.get(self.configuration.architecture)
        if prepare is not None:
            prepare(self.model, fer2013.some_of(pictures, PICTURES_TO_BEGIN_WITH, self.configuration.seed))
        for average, weight in zip(self.averaged, self.averages_of, strict=True):
            average.assign(weight.value)

    def _step(self, pictures: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, resolution: int) -> tf.Tensor:
        """uint8 pictures [n, 48, 48, 1], shares of labels [n, 7 a head] -> the batch's loss and accuracy [2]."""
        configuration = self.configuration
        resolution *= self.enlarged
        varied = augment(tf.cast(pictures, tf.float32), seed, configuration.augmentation, resolution)
        varied, labels = mix_up(varied, labels, seed, configuration.augmentation)
        with tf.GradientTape() as tape:
            logits = self.behind(varied, training=True)
            loss = self._loss(logits, labels)
        weights = self.learner.trainable_variables
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        self.optimizer.apply(
            [
                gradient + configuration.weight_decay * weight.value if weight.name == "kernel" else gradient
                for gradient, weight in zip(gradients, weights, strict=True)
            ]
        )
        for average, weight in zip(self.averaged, self.averages_of, strict=True):
            average.assign(average + (1.0 - self.averaging) * (weight.value - average))
        own = logits[0] if configuration.ferplus_head else logits
        correct = tf.argmax(own, axis=1) == tf.argmax(labels[:, :7], axis=1)
        return tf.stack([loss, tf.reduce_mean(tf.cast(correct, tf.float32))])

    def _loss(self, logits: tf.Tensor | list[tf.Tensor], labels: tf.Tensor) -> tf.Tensor:
        """Mean cross-entropy, of a second head too; from pictures without votes (zeros) that learns nothing."""
        configuration = self.configuration
        own, seconds = (logits, None) if not configuration.ferplus_head else logits
        counts_for = tf.linalg.matvec(labels[:, :7], self.class_weights)
        smoothed = labels[:, :7] * (1.0 - configuration.label_smoothing) + configuration.label_smoothing / 7.0
        loss = counts_for * tf.nn.softmax_cross_entropy_with_logits(smoothed, own)
        if seconds is not None:
            # Spelled out: the gradient of TensorFlow's own operation is wrong for votes that don't sum to 1.
            votes = tf.reduce_sum(labels[:, 7:] * tf.nn.log_softmax(seconds), axis=1)
            loss -= configuration.ferplus_head * votes
        return tf.reduce_mean(loss)

    def train_epoch(self, epoch: int, pictures: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """One pass in an order that depends on seed and epoch only; mean loss and accuracy.

        Raises Diverged.
        """
        configuration, steps_per_epoch = self.configuration, len(labels) // self.configuration.batch_size
        order = np.random.default_rng([configuration.seed, epoch]).permutation(len(labels))
        totals = np.zeros(2)
        progress = tqdm(range(steps_per_epoch), desc=f"epoch {epoch + 1}", unit="batch", mininterval=5.0)
        for step in progress:
            chosen = order[step * configuration.batch_size : (step + 1) * configuration.batch_size]
            done = epoch * steps_per_epoch + step
            total_steps = configuration.epochs * steps_per_epoch
            self.optimizer.learning_rate.assign(
                learning_rate_at(done, total_steps, steps_per_epoch, configuration, self.public_accuracies)
            )
            self.averaging.assign(min(configuration.averaging, (1 + done) / (10 + done)))  # young averages forget
            totals += self.step(
                tf.constant(pictures[chosen]),
                tf.constant(labels[chosen]),
                tf.constant([configuration.seed, done], tf.int32),
                resolution_at(epoch, configuration),
            )
            if not np.isfinite(totals[0]):
                raise Diverged(epoch)
            if step % 10 == 9:
                progress.set_postfix(loss=f"{totals[0] / (step + 1):.3f}", accuracy=f"{totals[1] / (step + 1):.3f}")
        # What the last step made of the weights no loss has told.
        if not all(np.isfinite(average.numpy()).all() for average in self.averaged):
            raise Diverged(epoch)
        return float(totals[0] / steps_per_epoch), float(totals[1] / steps_per_epoch)

    def evaluate(self, public_test: fer2013.Split) -> tuple[float, float]:
        """Loss and accuracy of the averaged weights; the accuracy is kept for the plateau."""
        current = [weight.numpy() for weight in self.model.weights]
        self.model.set_weights([average.numpy() for average in self.averaged[: len(current)]])
        batches = [public_test.pictures[i : i + 256, :, :, None] for i in range(0, len(public_test), 256)]
        logits = np.concatenate([self.predict(tf.cast(batch, tf.float32)).numpy() for batch in batches])
        self.model.set_weights(current)
        log_probabilities = tf.nn.log_softmax(logits).numpy()
        loss = -log_probabilities[np.arange(len(public_test)), public_test.labels].mean()
        self.public_accuracies.append(float((logits.argmax(axis=1) == public_test.labels).mean()))
        return float(loss), self.public_accuracies[-1]

    def checkpoint(self, epoch: int) -> Checkpoint:
        """Everything that a run needs to go on after `epoch` epochs."""
        return Checkpoint(
            configuration=asdict(self.configuration),
            epoch=epoch,
            variables=[variable.numpy() for variable in self.learner.variables],
            averaged=[average.numpy() for average in self.averaged],
            optimizer=[variable.numpy() for variable in self.optimizer.variables],
            public_accuracies=self.public_accuracies,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take over a checkpoint's state."""
        for variables, values in (
            (self.learner.variables, checkpoint.variables),
            (self.averaged, checkpoint.averaged),
            (self.optimizer.variables, checkpoint.optimizer),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        self.public_accuracies = list(checkpoint.public_accuracies)


def configuration_from(stored: dict[str, Any]) -> Configuration:
    """A checkpoint's configuration, as `asdict` wrote it."""
    lists = {name: tuple(stored.get(name, ())) for name in ("auxiliary", "teachers")}
    return Configuration(**{**stored, **lists, "augmentation": Augmentation(**stored["augmentation"])})


def is_same_run(stored: Configuration, wanted: Configuration) -> bool:
    """Whether a run may go on: everything is as it was but the number of epochs."""
    return replace(stored, epochs=wanted.epochs) == wanted


# ------------------------------------------------------------------------------------------------- loop


def run(configuration: Configuration, data: Path, run_folder: Path) -> None:
    """Train to the configuration's last epoch, going on from the run folder's checkpoint if there is one."""
    dataset = fer2013.load(data)
    train, lines = with_auxiliary(dataset, list(configuration.auxiliary))
    click.echo("\n".join([f"{len(train):,} training pictures; FER2013 had {len(dataset.official_train):,}", *lines]))
    pictures, labels = train.pictures[..., None], to_learn(train, configuration)

    run_folder.mkdir(parents=True, exist_ok=True)
    trainer, epoch = Trainer(configuration), 0
    if configuration.class_weights:
        trainer.class_weights.assign(balancing_weights(train.labels))
    checkpoint_path = run_folder / "checkpoint.npz"
    if checkpoint_path.exists():
        checkpoint = read_checkpoint(checkpoint_path)
        if FINISHED in checkpoint.configuration:
            raise click.ClickException(f"{run_folder} holds a finished network (training.finish); give another --name")
        if not is_same_run(configuration_from(checkpoint.configuration), configuration):
            raise click.ClickException(f"{run_folder} holds a run of another configuration; give --name or remove it")
        trainer.restore(checkpoint)
        epoch = checkpoint.epoch
        click.echo(f"going on after epoch {epoch}")
    else:
        trainer.begin_with(pictures)

    while epoch < configuration.epochs:
        started = time.monotonic()
        train_loss, train_accuracy = trainer.train_epoch(epoch, pictures, labels)
        resolution = resolution_at(epoch, configuration)
        epoch += 1
        row = dict.fromkeys(LOG_FIELDS, "") | {
            "epoch": epoch,
            "resolution": resolution,
            "train_loss": f"{train_loss:.4f}",
            "train_accuracy": f"{train_accuracy:.4f}",
        }
        if epoch % configuration.evaluate_every == 0 or epoch == configuration.epochs:
            public_loss, public_accuracy = trainer.evaluate(dataset.public_test)
            row |= {"public_loss": f"{public_loss:.4f}", "public_accuracy": f"{public_accuracy:.4f}"}
        row["seconds"] = f"{time.monotonic() - started:.1f}"
        add_to_log(run_folder / "log.csv", row)
        write_checkpoint(checkpoint_path, trainer.checkpoint(epoch))
        plot_learning_curve(run_folder)
        click.echo(", ".join(f"{name} {value}" for name, value in row.items() if value != ""))


ALSO_HELP = "pictures to learn from beside FER2013's (jaffe, ckplus or folder); may be repeated"
FERPLUS_HELP = "share of FER+'s annotators in what is learned"
TEACHER_HELP = "an exported member's .tflite to learn from beside the labels; may be repeated"
ORIGINAL_HELP = (
    "five_layer by the original's recipe: SGD with momentum, the rate halved on a plateau, its augmentation; "
    "any other architecture by its own recipe with the original's augmentation"
)
SETTABLE = ", ".join([*plain_fields(Configuration), *plain_fields(Augmentation)][1:])
SET_HELP = f"one setting of the recipe, after all other options; may be repeated. NAME is one of {SETTABLE}"
BACKBONE_HELP = (
    "of a transfer network: imagenet, vggface, the PATH of a file, or none for random ones; by default the recipe's. "
    "Which can't be had by themselves are told with where to get them"
)


@click.command(help=help_of(__doc__))
@click.argument("architecture", type=click.Choice(list(BUILDERS)))
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help=DATA_HELP)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--name", help="the run's folder; by default the architecture")
@click.option("--epochs", type=click.IntRange(min=1), help="instead of the recipe's")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--precision", type=click.Choice(PRECISIONS), default="float32", show_default=True)
@click.option("--ferplus", type=click.FloatRange(0, 1), default=0.0, show_default=True, help=FERPLUS_HELP)
@click.option("--mixup", type=click.FloatRange(min=0), default=0.0, show_default=True, help="alpha; 0 for none")
@click.option("--teacher", "teachers", multiple=True, metavar="FILE", help=TEACHER_HELP)
@click.option(
    "--distillation",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="share of the teachers in what is learned",
)
@click.option("--also", multiple=True, metavar="KIND=DIR", help=ALSO_HELP)
@click.option("--class-weights", is_flag=True, help="rare labels count as much as frequent ones")
@click.option("--backbone-weights", metavar="NAME|PATH", help=BACKBONE_HELP)
@click.option("--original", "as_original", is_flag=True, help=ORIGINAL_HELP)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help=SET_HELP)
@click.option("--threads", type=int, default=2, show_default=True, help="of one operation")
def main(
    architecture: str,
    data: Path,
    runs: Path,
    name: str | None,
    epochs: int | None,
    seed: int,
    precision: str,
    ferplus: float,
    mixup: float,
    teachers: tuple[str, ...],
    distillation: float,
    also: tuple[str, ...],
    class_weights: bool,
    backbone_weights: str | None,
    as_original: bool,
    settings: tuple[str, ...],
    threads: int,
) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    recipe = original(architecture) if as_original else RECIPES[architecture]
    configuration = replace(
        recipe,
        epochs=epochs or recipe.epochs,
        seed=seed,
        precision=precision,
        ferplus=ferplus,
        class_weights=class_weights,
        teachers=teachers,
        distillation=distillation if teachers else 0.0,
        auxiliary=also,
        backbone_weights=backbone_weights or recipe.backbone_weights,
        augmentation=replace(recipe.augmentation, mixup=mixup),
    )
    run(with_settings(configuration, settings), data, runs / (name or architecture))


if __name__ == "__main__":
    main()
