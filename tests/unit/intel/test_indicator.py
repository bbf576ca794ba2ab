"""Two spellings of one value are one indicator; what would hit the innocent is refused."""

from __future__ import annotations

import pytest

from detection.intel.indicator import Kind, NoIndicator, canonical, guessed


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("203.0.113.9", Kind.IP, "203.0.113.9"),
        (" 203[.]0[.]113[.]9 ", Kind.IP, "203.0.113.9"),
        ("::ffff:203.0.113.9", Kind.IP, "203.0.113.9"),
        ("2001:DB8:0:0::1", Kind.IP, "2001:db8::1"),
        ("203.0.113.77/24", Kind.NETWORK, "203.0.113.0/24"),
        ("203.0.113.9/32", Kind.IP, "203.0.113.9"),
        ("Evil.Example.ORG.", Kind.DOMAIN, "evil.example.org"),
        ("evil[dot]example(.)org", Kind.DOMAIN, "evil.example.org"),
        ("*.evil.example.org", Kind.DOMAIN, "evil.example.org"),
        ("恶意.中国", Kind.DOMAIN, "xn--5bu4m.xn--fiqs8s"),
        ("_dmarc.evil.example.org", Kind.DOMAIN, "_dmarc.evil.example.org"),
        ("hxxps://Evil[.]example[.]org:443/a%7eb%2fc?q=1#top", Kind.URL, "evil.example.org/a~b%2Fc?q=1"),
        ("http://user:pw@evil.example.org", Kind.URL, "evil.example.org/"),
        ("http://[2001:db8::1]:8080/中", Kind.URL, "[2001:db8::1]:8080/%E4%B8%AD"),
        ("Bad[@]Evil.example.org", Kind.EMAIL, "bad@evil.example.org"),
        ("D41D8CD98F00B204E9800998ECF8427F", Kind.MD5, "d41d8cd98f00b204e9800998ecf8427f"),
        ("A" * 39 + "b", Kind.SHA1, "a" * 39 + "b"),
    ],
)
def test_a_value_is_read_however_it_is_spelt(text: str, kind: Kind, value: str) -> None:
    assert guessed(text) == (kind, value)


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        (Kind.IP, "10.1.2.3", "private"),
        (Kind.IP, "127.0.0.1", "private"),
        (Kind.IP, "::1", "private"),
        (Kind.IP, "::ffff:192.168.1.1", "private"),
        (Kind.IP, "fe80::1%eth0", "no address"),
        (Kind.IP, "0x7f.1", "no address"),
        (Kind.IP, "203.0.113.010", "no address"),
        (Kind.NETWORK, "0.0.0.0/0", "too large"),
        (Kind.NETWORK, "1.0.0.0/7", "too large"),
        (Kind.NETWORK, "::ffff:0:0/96", "too large"),
        (Kind.NETWORK, "8.0.0.0/6", "too large"),
        (Kind.NETWORK, "192.168.0.0/24", "private"),
        (Kind.NETWORK, "192.0.0.0/8", "private"),
        (Kind.DOMAIN, "com.cn", "public suffix"),
        (Kind.DOMAIN, "*.com", "no domain"),
        (Kind.DOMAIN, "localhost", "no domain"),
        (Kind.DOMAIN, "a b.example.org", "no domain"),
        (Kind.DOMAIN, "x" * 64 + ".example.org", "no domain"),
        (Kind.URL, "http:///path", "no URL"),
        (Kind.URL, "http://evil.example.org:99999/", "no URL"),
        (Kind.EMAIL, "@evil.example.org", "no e-mail"),
        (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427e", "nothing"),
        (Kind.SHA256, "0" * 64, "nothing"),
        (Kind.SHA256, "z" * 64, "no sha256"),
        (Kind.DOMAIN, "", "empty"),
        (Kind.URL, "http://evil.example.org/" + "a" * 2048, "longer"),
    ],
)
def test_what_is_none_or_would_hit_the_innocent_is_refused_with_its_reason(kind: Kind, text: str, why: str) -> None:
    with pytest.raises(NoIndicator, match=why):
        canonical(kind, text)
