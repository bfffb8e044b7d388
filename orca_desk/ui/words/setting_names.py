"""The single settings by name, for the search of commands: the card that has each, and other words for it."""

from collections.abc import Mapping

SettingName = tuple[str, tuple[str, ...]]  # the title of the card; other words

SETTING_NAMES: Mapping[str, SettingName] = {
    "Back up automatically": (
        "Backups",
        ("automatic backups", "back up by itself", "interval", "daily", "hourly"),
    ),
    "With checkpoints": ("Backups", ("backup of checkpoints",)),
    "Theme": ("Appearance", ("dark mode", "light mode", "colours", "colors", "appearance")),
    "Text size": ("Appearance", ("font size", "zoom", "larger text", "smaller text")),
    "Show answers as plain text": ("Appearance", ("markdown", "formulas", "mathematics", "source")),
    "Where models run": ("This machine", ("device", "GPU", "CPU", "graphics card", "CUDA", "Vulkan")),
    "Keys and values": ("This machine", ("KV cache", "cache type", "8 bits", "context memory")),
    "CPU threads": ("Running models", ("cores", "processor", "number of threads")),
    "Parallel answers": ("Running models", ("batch", "at once", "slots", "concurrency")),
    "Temperature": ("Running models", ("randomness", "sampling")),
    "Top k": ("Running models", ("sampling", "top-k")),
    "Top p": ("Running models", ("sampling", "nucleus", "top-p")),
    "Min p": ("Running models", ("sampling", "min-p")),
    "Seed": ("Running models", ("random seed", "repeatable", "sampling")),
    "Max tokens": ("Running models", ("answer length", "longest answer", "limit of tokens")),
    "System message for the student": (
        "System message for the student",
        ("system prompt", "cautious", "instruction"),
    ),
    "When the trash is emptied": ("Storage", ("delete for good", "recycle bin", "space", "free")),
    "Keep the computer awake": ("Jobs", ("sleep", "suspend", "standby", "hibernate", "power", "caffeine")),
    "Notify when a job ends": ("Jobs", ("notifications", "alerts", "messages", "sound")),
}
