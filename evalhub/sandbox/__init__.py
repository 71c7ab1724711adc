"""Judging generated programs without trusting them; `docs/sandbox.md` says how, and against what."""

from .sandbox import Sandbox
from .terms import Judgement, Limits, SandboxUnavailable

__all__ = ["Judgement", "Limits", "Sandbox", "SandboxUnavailable"]
