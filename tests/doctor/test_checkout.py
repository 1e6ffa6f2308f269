"""Where the checkout is and what commit stands there."""

from __future__ import annotations

import subprocess

import pytest

from tests.doctor.asking import about, one
from tests.models.fake_checkout import write_checkout, write_config
from visual_analyse.doctor.model.checkout import commit_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(*words, at):
    return subprocess.run(["git", "-C", str(at), *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "a repository"
    root.mkdir()
    git("init", "-q", "-b", "my/branch", at=root)
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one", at=root)
    return root


def test_the_commit_is_the_one_that_git_names(repository, tmp_path):
    commit = git("rev-parse", "HEAD", at=repository)
    assert commit_of(repository) == f"{commit[:7]} (my/branch)"
    git("pack-refs", "--all", at=repository)
    assert commit_of(repository) == f"{commit[:7]} (my/branch)"
    git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"), at=repository)
    assert commit_of(tmp_path / "tree") == f"{commit[:7]} (other)"
    git("checkout", "-q", "--detach", at=repository)
    assert commit_of(repository) == commit[:7]


@pytest.mark.parametrize("head", ["", "ref: ../../secret", "ref: refs/../../secret", "words", "ref: refs/heads/none"])
def test_a_git_folder_that_makes_no_sense_has_no_commit(tmp_path, head):
    (tmp_path / "tree" / ".git" / "refs").mkdir(parents=True)
    for secret in (tmp_path / "secret", tmp_path / "tree" / "secret"):
        secret.write_text(COMMIT)
    (tmp_path / "tree" / ".git" / "HEAD").write_text(head)
    assert commit_of(tmp_path / "tree") == ""
    assert commit_of(tmp_path / "nowhere") == ""


def test_where_the_checkout_was_found_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENGAIT_ROOT", raising=False)
    root = write_checkout(tmp_path / "fork")
    config = root / "configs" / "walker.yaml"
    elsewhere = write_config(tmp_path / "mine" / "walker.yaml")
    assert "found around" in one(about(config, quick=True), "checkout").text
    assert "built-in models serve" in one(about(elsewhere, quick=True), "checkout").text
    assert "--opengait" in one(about(elsewhere, opengait=root, quick=True), "checkout").text
    monkeypatch.setenv("OPENGAIT_ROOT", str(root))
    assert "OPENGAIT_ROOT" in one(about(elsewhere, quick=True), "checkout").text
    (root / "configs" / "default.yaml").unlink()
    assert "default.yaml" in one(about(elsewhere, quick=True), "checkout", "note").text


def test_a_checkout_that_is_none_hides_neither_config_nor_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENGAIT_ROOT", str(tmp_path))
    found = about(write_config(tmp_path / "walker.yaml"), quick=True)
    wrong = one(found, "checkout")
    assert (wrong.mark, "unset OPENGAIT_ROOT" in wrong.remedy) == ("wrong", True)
    assert {item.mark for item in found if item.subject in ("config", "disk")} == {"ok"}
    assert "not looked at: the checkout named is none" in {item.text for item in found if item.subject == "model"}
