"""The directories that are part of the package, held against facts."""

from __future__ import annotations

from pathlib import Path

import pytest

import edge
from edge.directory import BUILT_IN, Directory
from edge.directory_file import read_directory

FOLDER = Path(edge.__file__).parent / "directories"

# Prefixes that no postcode begins with.
UNUSED = {
    "kr": ["00", *map(str, range(64, 100))],
    "de": ["00", "05", *map(str, range(111, 120)), "43", "62"],
    "fr": ["00", "96", "977", "978", "979", "981", "982", "983", "985", "989", "99"],
    "us": [
        "000", "001", "002", "003", "004", "213", "269", "343", "345", "348", "353", "419", "428",
        "429", "517", "518", "519", "529", "533", "536", "552", "568", "578", "579", "589", "621",
        "632", "642", "643", "659", "663", "682", "694", "695", "696", "697", "698", "699", "702",
        "709", "715", "732", "742", "771", "817", "818", "819", "839", "848", "849", "854", "858",
        "861", "862", "866", "867", "868", "869", "872", "886", "887", "888", "892", "896", "899",
        "909", "929", "987",
    ],
}  # fmt: skip

REGIONS = {
    "kr": {
        "04524": "서울특별시 / Seoul", "01000": "서울특별시 / Seoul", "09999": "서울특별시 / Seoul",
        "10000": "경기도 / Gyeonggi", "20999": "경기도 / Gyeonggi", "21554": "인천광역시 / Incheon",
        "24266": "강원특별자치도 / Gangwon", "28515": "충청북도 / North Chungcheong",
        "30151": "세종특별자치시 / Sejong", "32255": "충청남도 / South Chungcheong",
        "35242": "대전광역시 / Daejeon", "36759": "경상북도 / North Gyeongsang",
        "40240": "경상북도 / North Gyeongsang", "41911": "대구광역시 / Daegu",
        "44675": "울산광역시 / Ulsan", "47545": "부산광역시 / Busan",
        "51154": "경상남도 / South Gyeongsang", "54968": "전북특별자치도 / Jeonbuk",
        "58564": "전라남도 / South Jeolla", "61945": "광주광역시 / Gwangju",
        "63122": "제주특별자치도 / Jeju",
    },
    "us": {
        "00501": "New York", "00901": "Puerto Rico", "00802": "U.S. Virgin Islands",
        "02134": "Massachusetts", "05501": "Massachusetts", "05602": "Vermont",
        "06390": "New York", "06103": "Connecticut", "09001": "Armed Forces Europe (AE)",
        "10001": "New York", "20500": "District of Columbia", "20166": "Virginia",
        "30303": "Georgia", "39901": "Georgia", "34001": "Armed Forces Americas (AA)",
        "33101": "Florida", "56901": "District of Columbia", "60601": "Illinois",
        "73301": "Texas", "73102": "Oklahoma", "73960": "Texas", "88510": "Texas",
        "83001": "Wyoming", "83414": "Wyoming", "83702": "Idaho", "90210": "California",
        "96201": "Armed Forces Pacific (AP)", "96799": "American Samoa", "96813": "Hawaii",
        "96910": "Guam", "96940": "Palau", "96941": "Micronesia",
        "96950": "Northern Mariana Islands", "96960": "Marshall Islands", "99950": "Alaska",
    },
    "fr": {
        "01000": "Ain", "13001": "Bouches-du-Rhône", "20000": "Corse-du-Sud",
        "20137": "Corse-du-Sud", "20200": "Haute-Corse", "20600": "Haute-Corse",
        "20302": "Corse", "21000": "Côte-d'Or", "59000": "Nord", "67000": "Bas-Rhin",
        "69001": "Rhône", "75008": "Paris", "90000": "Territoire de Belfort",
        "95000": "Val-d'Oise", "97100": "Guadeloupe", "97133": "Saint-Barthélemy",
        "97150": "Saint-Martin", "97200": "Martinique", "97300": "Guyane",
        "97400": "La Réunion", "97500": "Saint-Pierre-et-Miquelon", "97600": "Mayotte",
        "98000": "Monaco", "98600": "Wallis-et-Futuna", "98714": "Polynésie française",
        "98800": "Nouvelle-Calédonie",
    },
    "de": {
        "01067": "Dresden", "04109": "Leipzig", "10115": "Berlin",
        "11011": "Berlin (Bundesbehörden)", "14467": "Berlin, Potsdam", "20095": "Hamburg",
        "28195": "Bremen", "30159": "Hannover", "40213": "Düsseldorf", "50667": "Köln",
        "60311": "Frankfurt am Main", "66111": "Saarbrücken", "70173": "Stuttgart",
        "80331": "München", "90403": "Nürnberg, Fürth", "99084": "Erfurt",
    },
}  # fmt: skip

# How many prefixes of the usual length there are, and what that length is.
PREFIXES = {"kr": (2, 63), "de": (2, 95), "fr": (2, 95), "us": (3, 932)}


@pytest.fixture(scope="module", params=BUILT_IN)
def name(request):
    return request.param


def test_there_is_a_file_for_each_name_and_no_other():
    assert sorted(path.name for path in FOLDER.iterdir()) == [f"{name}.csv" for name in BUILT_IN]


def test_every_file_is_part_of_the_package():
    project = (FOLDER.parents[1] / "pyproject.toml").read_text("utf-8")
    assert '"directories/*.csv"' in project


def test_a_file_begins_with_its_source(name):
    head = (FOLDER / f"{name}.csv").read_text("utf-8").partition("\n0")[0]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "Source: " in head


def test_every_prefix_has_a_name_and_stands_once_in_order(name):
    lines = (FOLDER / f"{name}.csv").read_text("utf-8").splitlines()
    rows = [line.split(",", 1) for line in lines if not line.startswith("#")]
    assert all(len(row) == 2 and row[1].strip() for row in rows)
    prefixes = [prefix for prefix, _ in rows]
    assert len(set(prefixes)) == len(prefixes)
    assert prefixes == sorted(prefixes)
    assert len(read_directory(FOLDER / f"{name}.csv")[1]) == len(rows)


def test_there_are_as_many_prefixes_as_there_should_be(name):
    length, count = PREFIXES[name]
    directory = Directory.open(name)
    usual = [prefix for prefix in directory.regions if len(prefix) == length]
    assert len(usual) == count


@pytest.mark.parametrize(
    ("name", "prefix"), [(name, each) for name, unused in UNUSED.items() for each in unused]
)
def test_no_postcode_begins_with_an_unused_prefix(name, prefix):
    directory = Directory.open(name)
    assert not directory.valid[tuple(map(int, prefix))].any()
    assert directory.region(prefix.ljust(5, "0")) is None


@pytest.mark.parametrize(
    ("name", "postcode", "region"),
    [(name, code, region) for name, known in REGIONS.items() for code, region in known.items()],
)
def test_a_postcode_lies_where_it_does(name, postcode, region):
    directory = Directory.open(name)
    assert directory.valid[tuple(map(int, postcode))]
    assert directory.region(postcode) == region


def test_unused_prefixes_and_named_ones_are_all_there_are(name):
    directory = Directory.open(name)
    unused = sum(10 ** (5 - len(prefix)) for prefix in UNUSED[name])
    assert int(directory.valid.sum()) == 100_000 - unused
