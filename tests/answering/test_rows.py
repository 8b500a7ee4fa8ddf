"""Questions that the numbers of a table decide."""

import pytest

from retrieval import Library, Settings

PRICES = """sku,name,category,unit price EUR,stock,supplier,lead time days
DR-100,Cordless drill,Power tools,129.90,42,Hartmann,7
SW-310,Circular saw,Power tools,159.50,0,Kobayashi,21
HM-015,Claw hammer,Hand tools,18.40,310,Brunel,5
HM-020,Sledgehammer,Hand tools,36.90,58,Brunel,5
SF-900,Safety goggles,Safety,9.80,520,Karlsson,3
LA-700,Folding ladder,Ladders,"1,214.00",8,Altrex,30
"""
FERRIES = """Route,Crossing time,Cargo
Oskar Island,35 min,800 g
Little Skerry,50 min,1.2 kg
North Holm,1 h 20 min,3 kg
Great Tern,2 h 10 min,950 g
"""
SEEDS = """Item,Supplier,Packets in stock
Carrot Nantes,Hollis Seeds,0
Leek Musselburgh,Tarn and Co,12
Pumpkin Jack,Old Mill,0
"""
STAFF = """Department,2025,2026
Marketing,14,15
Research,38,44
Operations,27,26
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory, encoder):
    folder = tmp_path_factory.mktemp("rows")
    (folder / "prices.csv").write_text(PRICES)
    (folder / "staff.csv").write_text(STAFF)
    (folder / "story.txt").write_text("The most expensive tool broke first. The cheapest hammer was lost at sea.")
    with Library(folder / "library", Settings(), encoder=encoder) as opened:
        opened.add([folder])
        yield opened


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which products are out of stock?", ["Circular saw"]),
        ("What is the cheapest hand tool in the price list?", ["Claw hammer"]),
        ("What is the most expensive product by unit price?", ["Folding ladder"]),
        ("Which product has the longest lead time?", ["Folding ladder"]),
        ("Which products cost more than 150 euros?", ["Circular saw", "Folding ladder"]),
        ("Which power tools cost less than 150 euros?", ["Cordless drill"]),
        ("Which products have a stock between 50 and 400?", ["Claw hammer", "Sledgehammer"]),
        ("Which products have a lead time of at least 21 days?", ["Circular saw", "Folding ladder"]),
        ("How many power tools are in the price list?", ["Cordless drill", "Circular saw"]),
        ("List all hand tools", ["Claw hammer", "Sledgehammer"]),
        ("Which power tools come from Kobayashi?", ["Circular saw"]),
        ("Which department gets fewer people in 2026?", ["Operations"]),
        ("In which departments does the number of people grow in 2026?", ["Marketing", "Research"]),
        ("Which department has the most people in 2026?", ["Research"]),
    ],
)
def test_the_rows_that_decide(library, question, names):
    answer = library.ask(question)
    cells = [dict(cell.split(": ") for cell in citation.quote.split("; ")) for citation in answer.citations]
    assert [
        next(row[name] for name in ("name", "Department", "Route", "Item") if name in row) for row in cells
    ] == names


@pytest.mark.parametrize(
    ("table", "question", "names"),
    [
        (FERRIES, "What is the longest crossing?", ["Great Tern"]),
        (FERRIES, "Which crossings have a time of more than 1 hour?", ["North Holm", "Great Tern"]),
        (FERRIES, "Which route has the least cargo?", ["Oskar Island"]),
        (SEEDS, "Which seeds are out of stock?", ["Carrot Nantes", "Pumpkin Jack"]),
    ],
)
def test_measures_are_compared_with_their_units_and_the_kind_that_is_asked_for_limits_no_rows(
    tmp_path, encoder, table, question, names
):
    (tmp_path / "table.csv").write_text(table)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add([tmp_path / "table.csv"])
        quotes = [citation.quote for citation in opened.ask(question).citations]
    assert [quote.partition("; ")[0].partition(": ")[2] for quote in quotes] == names


PHONES = """Model,Price EUR,Water resistant,Release
Nova 3,349,no,2024-03-01
Nova 3 Pro,549,yes,2024-09-15
Kite S,279,yes,2023-05-20
Kite S2,319,yes,2024-02-10
"""


@pytest.mark.parametrize(
    ("question", "models"),
    [
        ("Which phones are water resistant?", ["Nova 3 Pro", "Kite S", "Kite S2"]),
        ("Which phones are not water resistant?", ["Nova 3"]),
        ("Which is newer, the Nova 3 or the Kite S2?", ["Nova 3"]),
        ("Which is cheaper, the Nova 3 or the Kite S?", ["Kite S"]),
        ("Which phone is the newest?", ["Nova 3 Pro"]),
    ],
)
def test_yes_and_no_days_and_two_that_are_compared(tmp_path, encoder, question, models):
    (tmp_path / "phones.csv").write_text(PHONES)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add(tmp_path / "phones.csv")
        quotes = [citation.quote for citation in opened.ask(question).citations]
    assert [quote.partition("; ")[0].partition(": ")[2] for quote in quotes] == models


PONDS = """Distance to old pond,Ponds,Settled
under 250 m,16,16
over 500 m,8,3
"""


def test_rows_are_counted_only_by_what_they_are(tmp_path, encoder):
    (tmp_path / "ponds.csv").write_text(PONDS)
    (tmp_path / "study.txt").write_text("Newts bred in 29 of the ponds by the fifth year.")
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add([tmp_path / "ponds.csv", tmp_path / "study.txt"])
        answer = opened.ask("In how many ponds did newts breed by the fifth year?")
    assert answer.citations[0].quote == "Newts bred in 29 of the ponds by the fifth year."


@pytest.mark.parametrize("question", ["Which projects did Brunel finish?", "What is the stock of the safety goggles?"])
def test_rows_are_not_taken_for_what_the_table_does_not_tell(library, question):
    assert library.ask(question).confidence < 1


def test_a_cell_is_looked_up_as_ever(library):
    answer = library.ask("What is the price of the circular saw?")
    assert "name: Circular saw" in answer.citations[0].quote and answer.confidence < 1


CLASSES = """Class,Teacher,Day,First day,Hours,Fee EUR,Minimum age,Places left
Bread,Ana Reyes,Monday,2026-03-02,6,80,16,0
Pasta,Tom Brandt,Tuesday,2026-03-10,4,95,12,5
Pastry,Ana Reyes,Saturday,2026-04-11,8,140,16,3
Cheese,Ivo Marek,Saturday,2026-04-25,5,110,18,7
Soup,Tom Brandt,Friday,2026-05-08,3,60,10,9
"""


@pytest.fixture(scope="module")
def classes(tmp_path_factory, encoder):
    folder = tmp_path_factory.mktemp("classes")
    (folder / "cookery-classes.csv").write_text(CLASSES)
    with Library(folder / "library", Settings(), encoder=encoder) as opened:
        opened.add([folder / "cookery-classes.csv"])
        yield opened


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which classes are not on a Saturday?", ["Bread", "Pasta", "Soup"]),
        ("List all classes except the Saturday ones.", ["Bread", "Pasta", "Soup"]),
        ("Which classes does Ana Reyes not teach?", ["Pasta", "Cheese", "Soup"]),
        ("How many classes does Tom Brandt teach?", ["Pasta", "Soup"]),
        ("Which class is taught by Ivo?", ["Cheese"]),
        ("Which classes start in April?", ["Pastry", "Cheese"]),
        ("Which class starts last?", ["Soup"]),
        ("Which classes still have places?", ["Pasta", "Pastry", "Cheese", "Soup"]),
        ("What is the cheapest class that is not sold out?", ["Soup"]),
        ("Which classes cost under 100 euros and still have places?", ["Pasta", "Soup"]),
        ("What is the second cheapest class?", ["Bread"]),
        ("What are the two most expensive classes?", ["Pastry", "Cheese"]),
        ("Which class takes the longest?", ["Pastry"]),
        ("Which classes have a minimum age over 15?", ["Bread", "Pastry", "Cheese"]),
        ("What is the minimum age for the cheese class?", ["Cheese"]),
        ("How many cookery classes are there?", ["Bread", "Pasta", "Pastry", "Cheese", "Soup"]),
    ],
)
def test_conditions_hold_together_and_are_turned_by_not(classes, question, names):
    answer = classes.ask(question)
    assert [citation.quote.partition("; ")[0] for citation in answer.citations] == [f"Class: {name}" for name in names]
    assert answer.confidence == 1


@pytest.mark.parametrize(
    "question",
    [
        "What is the cheapest pottery class?",
        "What is the lowest price of the oven?",
        "What is the minimum age for the sushi class?",
        "What is the average fee of a class?",
        "Which classes does Ana Reyes teach on Friday?",
    ],
)
def test_nothing_is_decided_where_the_table_does_not_say_all_that_is_asked(classes, question):
    assert classes.ask(question).confidence < 1


def test_what_would_have_to_be_worked_out_is_not_answered_by_a_row(classes):
    assert classes.ask("What is the average fee of a class?").confidence <= 0.2


def test_a_row_tells_nothing_of_what_another_row_is_of(tmp_path, encoder):
    (tmp_path / "hire.csv").write_text("Boat,Half day EUR,Load kg\nSingle kayak,18,120\nCanoe,32,350\n")
    (tmp_path / "tours.csv").write_text("Tour,Price EUR,Minimum age\nMill Loop,48,12\nMoonlight,42,14\n")
    with Library(tmp_path / "library", Settings(), encoder=encoder) as opened:
        opened.add([tmp_path / "hire.csv", tmp_path / "tours.csv"])
        assert opened.ask("What is the minimum age for the single kayak?").confidence <= 0.2
        assert opened.ask("What is the guarantee on the single kayak?").confidence <= 0.2
        assert opened.ask("How much is half a day with the canoe?").citations[0].quote.startswith("Boat: Canoe")


FERRY = """No,Departs,Arrives,Days
1,06:15,07:05,Mon-Fri
2,08:40,09:30,daily
3,15:30,16:35,Sat-Sun
4,21:45,22:35,Fri only
"""


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("When does the last ferry leave?", "4"), ("What is the first ferry on Saturday?", "2"),
        ("Which ferries run on Sundays?", "23"), ("Which ferry goes only on Fridays?", "4"),
        ("Which ferries don't run at the weekend?", "14"),
    ],
)  # fmt: skip
def test_times_of_the_day_and_days_of_the_week_decide(question, numbers, tmp_path, encoder):
    (tmp_path / "ferry.csv").write_text(FERRY)
    with Library(tmp_path / "library", Settings(), encoder=encoder) as library:
        library.add(tmp_path / "ferry.csv")
        answer = library.ask(question)
    assert [row for row in "1234" if any(c.quote.startswith(f"No: {row};") for c in answer.citations)] == list(numbers)
    assert answer.confidence == 1.0
