"""Names of persons in running text, by a rule that would rather miss one than take an eponym for a patient."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from vpresearch.core.dictionary import fold
from vpresearch.identifiers.headers import words

# The commonest names in Spain and, fewer, in English. A name that is also a common word counts only beside a surname.
_GIVEN = words(
    """
    maria carmen ana josefa isabel dolores francisca antonia teresa angeles cristina laura marta lucia elena concepcion
    rosario mercedes pilar raquel rosa juana manuela encarnacion julia beatriz silvia rocio patricia sara montserrat
    yolanda monica alicia sonia sandra susana margarita marina nuria natalia inmaculada amparo eva victoria angela
    esther irene noelia veronica carolina consuelo gloria lourdes luisa amelia aurora ines emilia carla josefina
    catalina asuncion purificacion esperanza felisa milagros fatima soledad matilde rafaela nieves trinidad paula
    antonio jose manuel francisco juan david javier daniel carlos jesus alejandro miguel rafael pedro angel pablo
    sergio fernando jorge luis alberto alvaro adrian diego raul ivan ruben enrique oscar ramon vicente andres joaquin
    santiago eduardo victor mario roberto jaime ignacio marcos alfonso salvador ricardo jordi emilio hugo guillermo
    gabriel julian julio martin tomas agustin nicolas felix gregorio domingo cesar lorenzo sebastian eugenio alfredo
    mariano hector esteban benito eusebio isidro fermin gonzalo samuel xavier ismael mateo arturo marc aitor iker
    mary patricia linda barbara elizabeth jennifer susan margaret dorothy nancy karen helen emma alice
    mohamed mohammed ahmed fatiha khadija aicha said rachid youssef omar
    miren amaia ainhoa nerea arantxa begona itziar edurne maite ane koldo jon mikel gorka unai josu xabier patxi
    montse merce neus jordina joan josep pere ramona llorenc oriol pau anxo xose
    remedios visitacion ascension encarna paquita conchita herminia eulalia florentina teodora saturnina leocadia
    benita gregoria petra isidora agapita valentina eugenia leonor adela amalia elvira matilde faustina
    felipa hilaria bernarda justa severina amparito rogelia anastasia eufemia basilio demetrio eulogio saturnino
    florencio leandro anselmo evaristo hilario primitivo fructuoso laureano aquilino teodoro
    james john robert michael william richard thomas charles christopher george edward peter paul
    """
)
_AMBIGUOUS = words(
    """
    dolores rosario mercedes pilar concepcion encarnacion consuelo amparo victoria gloria aurora esperanza
    milagros soledad nieves trinidad asuncion purificacion angeles rosa salvador domingo santiago martin felix cesar
    angel jesus marina julio
    """
)
_SURNAMES = words(
    """
    garcia rodriguez gonzalez fernandez lopez martinez sanchez perez gomez martin jimenez hernandez ruiz diaz moreno
    munoz alvarez romero gutierrez alonso navarro torres dominguez ramos vazquez ramirez gil serrano molina morales
    suarez ortega delgado castro ortiz marin rubio nunez medina sanz castillo iglesias cortes garrido santos guerrero
    lozano cano cruz mendez flores prieto herrera pena leon marquez cabrera gallego calvo vidal campos reyes vega
    fuentes carrasco diez aguilar caballero nieto santana vargas pascual gimenez herrero hidalgo montero lorenzo
    santiago benitez duran ibanez arias mora ferrer carmona vicente rojas soto crespo roman pastor velasco parra saez
    moya bravo rivera gallardo soler silva esteban merino franco pardo rivas lara espinosa mendoza vera camacho segura
    smith jones taylor brown williams wilson johnson davies robinson wright thompson evans walker roberts
    """
)
_NAMES = _GIVEN | _SURNAMES
# A word before a name that makes it that of a place, a disease, a test or a firm.
_NOT_OF_A_PATIENT = words(
    """
    hospital clinica clinico centro fundacion instituto universitario sindrome enfermedad signo escala test maniobra
    san santa santo virgen residencia calle syndrome disease sign scale score criteria method clasificacion cemento
    """
)
_PARTICLES = words("de del la las los el y i al ben van von da dos do e der den di du le ibn bin abu")
# Given names that are also a scale of pain and an antibody, as both are written.
_NOT_IN_CAPITALS = frozenset({"eva", "ana"})
# Words that are written with a capital, or in capitals, where no name is meant.
_OF_THE_FIELD = words(
    """
    ejemplo example paciente patient caso case sujeto subject id pt no sin con si tras post pre fuga leak cemento
    cement vertebra nivel fractura fracture dolor pain buena bueno mala mal evolucion alta ingreso leve moderado
    moderada grave izquierdo izquierda derecho derecha lumbar dorsal toracico toracica cervical vena venosa venoso
    cava arteria arterial arteriosa pulmonar pulmonary embolia embolism trombosis thrombosis profunda deep vein
    neuritis radiculopatia infeccion infection hematoma disco discal epidural foraminal muy nada ninguna ninguno
    none normal estable mejoria completa parcial total tac tc rm rx eva vas odi oswestry ama asa hta dm epoc
    osteoporosis artritis reumatoide osteoporotica traumatica metastasis mieloma multiple kyphon xpede confidence
    spineplex palacos simplex stryker medtronic johnson depuy vertaplex osteopal media mean mediana median suma sum
    promedio average minimo minimum maximo maximum desviacion deviation datos data estudio study tabla table final
    version copia copy vertebroplastia vertebroplasty revisado base libro excel hoja sheet pacientes patients
    ventral caudal craneal pediculo pedicular transpedicular unilateral bilateral
    """
)
# Any letter but a small one, and any but a capital: of every alphabet.
_UPPER, _LETTER = r"(?:(?![a-zß-öø-ÿ])[^\W\d_])", r"[^\W\d_]"
_TITLE = re.compile(
    rf"(?<!\w)(?:D|(?i:Dra?|Dña|Sra?|Srta|Don|Doña|Mrs?|Ms|Miss|señora?|señorita|doctora?|enfermer[oa]|nurse))\.?\s+{_UPPER}(?=.?[a-zß-öø-ÿ]){_LETTER}{{2,}}(?!\w)"
    rf"|(?<!\w)(?:DRA?|SRA?|DÑA|DOÑA|SRTA|MRS?)\.?\s+(?-i:[A-ZÀ-Þ]{{5,}})(?!\w)"
    rf"|(?<!\w)(?i:nombre|apellidos?|name|surname)\s?:\s*{_UPPER}{_LETTER}+|(?<!\w)(?i:iniciales|initials)[\s:]+(?:[A-ZÑ]\.?\s?){{2,4}}(?!\w)"
)
# An initial before a common surname.
_INITIAL = re.compile(r"(?<![\w.])[A-ZÑ]\.\s?([A-ZÁÉÍÓÚÑ][a-záéíóúñ]+)")
# The like before any name at all: a bacterium has one initial.
_INITIALS_BEFORE = re.compile(rf"(?<![\w.])(?:[A-ZÑ]\.\s?){{2,3}}{_UPPER}{_LETTER}{{3,}}")
_INITIALS = re.compile(r"(?:[A-ZÑ]\.\s?){2,4}")
# Whoever is named as somebody's relative, or as to be called.
_RELATIVE = re.compile(
    r"(?<!\w)(?i:hij[oa]|espos[oa]|marido|su\smujer|herman[oa]|cuidador[a]?|madre|padre|sobrin[oa]|niet[oa]|vecin[oa]|llamar|avisar|avisad[oa]"
    r"|(?:her|his)\sson|daughter|wife|husband|mother|father|sister|brother|niece|nephew|neighbour|carer)"
    r"(?:\s(?:a|de|su|es|se|llama|called))*[\s:,]+[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2,}(?!\w)"
)
# Initials with a year of birth, and a name as lists give it, in any case.
_INITIALS_AND_YEAR = re.compile(r"(?:[A-ZÑ]\.?\s?){2,4}[\s,./_(\-]*(?:(?:18|19)\d{2}|(?<=[\s./_(\-])\d{2})\)?")
_BY_SURNAME = re.compile(r"[^\W\d_]{3,}(?:[\s\-][^\W\d_]{2,}){0,2},\s?[^\W\d_]{3,}(?:[\s\-][^\W\d_]{2,}){0,2}")
_VOWEL = re.compile("[aeiouy]")
_WORD = re.compile(r"[^\W\d_]+")
# Words between which a name may go on.
_JOINED = re.compile(r"[^\W\d_]+(?:[ '’\-]+[^\W\d_]+)*")
_MOST_WORDS = 5
# A code may be four capitals.
_LEAST_IN_CAPITALS = 5


def names_a_person(text: str) -> bool:
    """Return whether a text names a person."""
    if _TITLE.search(text) or _RELATIVE.search(text) or _INITIALS.fullmatch(text):
        return True
    if any(fold(surname) in _SURNAMES for surname in _INITIAL.findall(text)):
        return not _NOT_OF_A_PATIENT & set(fold(text).split())
    written = [word for word in _WORD.findall(text) if fold(word) not in _PARTICLES]
    folded = [fold(word) for word in written]
    pairs = zip(pairwise(written), pairwise(folded), strict=True)
    return any(
        _is_name(as_written, pair) and not _NOT_OF_A_PATIENT & set(folded[max(0, place - 2) : place + 2])
        for place, (as_written, pair) in enumerate(pairs)
    )


def is_name_alone(text: str) -> bool:
    """Return whether a text is one common given name or surname and nothing else, as an id may be."""
    return fold(text) in _NAMES


def without_words_of_the_field(written: Iterable[str]) -> list[str]:
    """Leave out the words that the names of files and sheets are made of."""
    return [word for word in written if fold(word) not in _OF_THE_FIELD]


def may_be_a_name(text: str, *, several: bool = False) -> bool:
    """Return whether a text that stands alone is written as a name is, whatever the name: for ids and whole columns."""
    if _INITIALS_AND_YEAR.fullmatch(text):
        return True
    written = _WORD.findall(text)
    if any(character.isdigit() for character in text) or set(map(fold, written)) & (_OF_THE_FIELD | _NOT_OF_A_PATIENT):
        return False
    if _BY_SURNAME.fullmatch(text):
        return True
    own = [word for word in written if fold(word) not in _PARTICLES]
    if (
        len(own) < 1 + several
        or len(own) > _MOST_WORDS
        or not re.fullmatch(r"[^\W\d_]+(?:[\s'’.,\-]+[^\W\d_]+)*\.?", text)
    ):
        return False
    if len(own) == 1 and len(own[0]) < _LEAST_IN_CAPITALS and own[0].isupper():
        return False
    if any(not character.islower() and not character.isupper() for word in own for character in word):
        # A script without capitals, and no word of ours.
        return True
    shaped = all(word[0].isupper() for word in own) and any(len(word) > 3 and _VOWEL.search(fold(word)) for word in own)
    short = len(own) > 1 and all(len(word) > 1 and word.istitle() and _VOWEL.search(fold(word)) for word in own)
    return short or (shaped and all(word.isupper() or word[1:].islower() or "'" in text for word in own))


def names_by_capitals(text: str) -> bool:
    """Return whether two words in a row of a running text are written as those of a name are."""
    if _INITIALS_BEFORE.search(text):
        return True
    capitals_tell = any(word.islower() for word in _WORD.findall(text) if fold(word) not in _PARTICLES)
    for piece in _JOINED.findall(text):
        own = [word for word in _WORD.findall(piece) if fold(word) not in _PARTICLES]
        for first, second in pairwise(own):
            pair = (first, second)
            if {fold(first), fold(second)} & (_OF_THE_FIELD | _NOT_OF_A_PATIENT):
                continue
            if all(map(_is_capitalised, pair)) or (capitals_tell and all(w.isupper() and len(w) > 3 for w in pair)):
                return True
    return False


def _is_name(written: tuple[str, str], folded: tuple[str, str]) -> bool:
    first, second = folded
    if first in _GIVEN and second in _SURNAMES | _GIVEN:
        return not (first in _AMBIGUOUS and second in _AMBIGUOUS)
    if first in _SURNAMES and second in _SURNAMES | _GIVEN:
        # Surnames are also words: a pair of them counts where both are written as names.
        return second in _GIVEN - _AMBIGUOUS or all(_is_capitalised(word) for word in written)
    if all(word.isupper() and len(word) > 3 for word in written) or first in _NOT_IN_CAPITALS:
        return first in _GIVEN - _AMBIGUOUS - _NOT_IN_CAPITALS and not {first, second} & _OF_THE_FIELD
    both = all(_is_capitalised(word) for word in written)
    return both and (first in _GIVEN - _AMBIGUOUS or second in _GIVEN - _AMBIGUOUS)


def _is_capitalised(word: str) -> bool:
    return len(word) > 2 and word[0].isupper() and word[1:].islower()
