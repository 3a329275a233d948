"""Names of persons in running text, by a rule that would rather miss one than take an eponym for a patient."""

from __future__ import annotations

import re
from itertools import pairwise

from vpresearch.dictionary import fold
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
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "el", "y", "i"})
_TITLE = re.compile(
    r"(?<!\w)(?:Dr|Dra|D|Dña|Sr|Sra|Srta|Don|Doña|Mr|Mrs|Ms|Miss)\.?\s+[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{2,}(?!\w)"
)
# An initial before a common surname, and a text that is two capitalised words, a comma and a third.
_INITIAL = re.compile(r"(?<![\w.])[A-ZÑ]\.\s?([A-ZÁÉÍÓÚÑ][a-záéíóúñ]+)")
_LISTED = re.compile(r"(?:[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+\s){1,2}[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+,\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+")
_INITIALS = re.compile(r"(?:[A-ZÑ]\.\s?){2,4}")
_WORD = re.compile(r"[^\W\d_]+")


def names_a_person(text: str) -> bool:
    """Tell whether a text names a person.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        True for a title before a name, for a common given name beside a capitalised word or a common surname, and for
        a text that is nothing but initials with stops.

    Examples
    --------
    >>> names_a_person("Avisada María Etxebarria"), names_a_person("garcia lopez, maria"), names_a_person("M.G.L.")
    (True, True, True)
    >>> names_a_person("Dolores lumbares"), names_a_person("Síndrome de Martín Bell"), names_a_person("Zubiri-77")
    (False, False, False)
    """
    if _TITLE.search(text) or _INITIALS.fullmatch(text) or _LISTED.fullmatch(text):
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
    """Tell whether a text is one common given name or surname and nothing else, as an id may be.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_name_alone("García"), is_name_alone("A"), is_name_alone("P01")
    (True, False, False)
    """
    return fold(text) in _NAMES


def _is_name(written: tuple[str, str], folded: tuple[str, str]) -> bool:
    first, second = folded
    if first in _GIVEN and second in _SURNAMES | _GIVEN:
        return not (first in _AMBIGUOUS and second in _AMBIGUOUS)
    if first in _SURNAMES and second in _SURNAMES | _GIVEN:
        # Surnames are also words: a pair of them counts where both are written as names.
        return second in _GIVEN - _AMBIGUOUS or all(_is_capitalised(word) for word in written)
    both = all(_is_capitalised(word) for word in written)
    return both and (first in _GIVEN - _AMBIGUOUS or second in _GIVEN - _AMBIGUOUS)


def _is_capitalised(word: str) -> bool:
    return len(word) > 2 and word[0].isupper() and word[1:].islower()
