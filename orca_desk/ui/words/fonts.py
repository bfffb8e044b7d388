"""What to do where no font of the system shows a script."""

import sys

# Packages by script: of Debian and Ubuntu, of Fedora, of Arch
PACKAGES: dict[str, tuple[str, str, str]] = {
    "Chinese and Japanese characters": ("fonts-noto-cjk", "google-noto-sans-cjk-fonts", "noto-fonts-cjk"),
    "Korean": ("fonts-noto-cjk", "google-noto-sans-cjk-fonts", "noto-fonts-cjk"),
    "emoji": ("fonts-noto-color-emoji", "google-noto-color-emoji-fonts", "noto-fonts-emoji"),
}
OTHERS = ("fonts-noto-core", "google-noto-sans-fonts", "noto-fonts")


def fonts_hint(script: str, *, system: str = sys.platform) -> str:
    """Return how to get a font for a script on this system (a value of `sys.platform`)."""
    if system == "win32":
        how = "Windows has fonts for it under Settings › System › Optional features (Supplemental Fonts)."
    elif system == "darwin":
        how = "macOS has a font for it: Font Book restores the standard fonts."
    else:
        debian, fedora, arch = PACKAGES.get(script, OTHERS)
        how = f"Install the package {debian} (Debian, Ubuntu), {fedora} (Fedora) or {arch} (Arch)."
    return f"The texts themselves are intact. {how} Then start Orca Desk again."
