"""The instruction set is named as this machine has it."""

from pipeline.identity.instruction_set import cpu_flags, instruction_set


def test_cpu_flags_are_read_as_linux_writes_them(tmp_path):
    (tmp_path / "x86").write_text("processor : 0\nflags\t\t: fpu avx2 fma\n\nprocessor : 1\nflags : other\n")
    (tmp_path / "arm").write_text("Features : asimd sve\n")
    assert {"avx2", "fma"} < cpu_flags(tmp_path / "x86")
    assert "other" not in cpu_flags(tmp_path / "x86")
    assert "sve" in cpu_flags(tmp_path / "arm")
    assert cpu_flags(tmp_path / "none") == frozenset()


def test_the_instruction_set_names_the_limit(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    plain = instruction_set()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert instruction_set() == f"{plain} max=AVX2"
