"""False belief, in the manner of John and Mark: where does each of them think the thing is?

Whoever is in the room sees every move; whoever left keeps the last place they saw. Each step copies what
happens and writes the whole state: where the thing is, and who is here or away believing what.
"""

from random import Random

from models.recipe.families.pools import NAMES, THINGS
from models.recipe.problem import Problem, listed

WINNER = "step-by-step"
CONTAINERS = ("box", "basket", "bag", "drawer", "chest", "jar")
PLACES = ("room", "room", "kitchen", "garden")
REASONS = ("work", "school", "lunch", "town")
SENTENCES = (2, 3, 4)
SENTENCE_WEIGHTS = (3, 4, 3)


class Scene:
    """The state of a story as it is told: `told` are its sentences, `work` the steps that follow it."""

    def __init__(self, rng: Random, people: list[str], thing: str, containers: list[str]) -> None:
        self.rng, self.people, self.thing, self.containers = rng, people, thing, containers
        self.here = dict.fromkeys(people, True)
        self.believes = dict.fromkeys(people, "")
        self.place = ""
        self.told: list[str] = []
        self.work: list[str] = []

    def step(self, last: bool) -> None:
        """Tell one sentence: someone moves the thing (and perhaps leaves), leaves, or comes back."""
        present = [name for name in self.people if self.here[name]]
        away = [name for name in self.people if not self.here[name]]
        if away and not last and (not present or self.rng.random() < 0.25):
            self._comes_back(self.rng.choice(away))
        elif self.place and len(present) > 1 and not last and self.rng.random() < 0.2:
            self._leaves(self.rng.choice(present))
        else:
            self._moves(self.rng.choice(present or away), away)

    def _moves(self, name: str, away: list[str]) -> None:
        if not self.here[name]:
            self._comes_back(name)
            return
        place = self.rng.choice([c for c in self.containers if c != self.place])
        verb = f"puts the {self.thing} in the {place}"
        opening = (
            f"While {self.rng.choice(away)} is away, {name}" if away and self.rng.random() < 0.7 else name
        )
        leaves = self.rng.random() < 0.75
        ending = ""
        if leaves:
            joint = self.rng.choice((", then leaves", ", and then leaves"))
            ending = f"{joint} for {self.rng.choice(REASONS)}"
        self.told.append(f"{opening} {verb}{ending}.")
        self.place = place
        self._see()
        self.here[name] = not leaves
        self._note(f"{name} puts it in the {place}{' and leaves' if leaves else ''}")

    def _leaves(self, name: str) -> None:
        self.told.append(f"{name} leaves for {self.rng.choice(REASONS)}.")
        self.here[name] = False
        self._note(f"{name} leaves")

    def _comes_back(self, name: str) -> None:
        self.told.append(f"{name} comes back and sees the {self.thing}.")
        self.here[name] = True
        self._see()
        self._note(f"{name} comes back")

    def _see(self) -> None:
        self.believes.update({name: self.place for name in self.people if self.here[name]})

    def _note(self, event: str) -> None:
        state = ", ".join(
            f"{name} {'here' if self.here[name] else 'away'} {self.believes[name]}" for name in self.people
        )
        self.work.append(f"Step {len(self.work) + 1}: {event}; {self.thing} {self.place}, {state}.")


def make(rng: Random) -> Problem:
    """Return a story of two or three people, two to four containers and two to four sentences."""
    people = rng.sample(NAMES, rng.choice((2, 2, 3)))
    thing = rng.choice(THINGS)
    containers = rng.sample(CONTAINERS, rng.choice((2, 3, 3, 4)))
    place = rng.choice(PLACES)
    scene = Scene(rng, people, thing, containers)
    count = rng.choices(SENTENCES, SENTENCE_WEIGHTS)[0]
    for index in range(count):
        scene.step(last=index == count - 1)
    things = listed([f"a {word}" for word in (thing, *containers)])
    opening = f"{listed(people)} are in a {place} with {things}."
    query = " ".join([opening, *scene.told, _closing(rng, len(people), place)])
    return Problem(
        family="belief",
        query=f"{query} Where do they think the {thing} is?",
        answer=" ".join(f"{name}: the {scene.believes[name]}." for name in people),
        answer_kind="keyed",
        work="\n".join(scene.work),
        topic=f"the {thing}",
    )


def _closing(rng: Random, people: int, place: str) -> str:
    who = "both" if people == 2 else "all"
    return rng.choice(
        (
            f"They {who} come back together later in the day, and they do not know what happened in the "
            f"{place} after each of them left.",
            f"Later in the day they {who} come back, and they do not know what happened in the {place} after "
            "each of them left.",
            f"They {who} come back together later, and nobody says what happened in the {place}.",
        )
    )
