"""Names of folders, tables and columns that say what images are for, as people have them in many languages."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from cnnstudio.data.folders.names import readable

_WORDS = {
    "train": """
        train training trn learn learning entrainement apprentissage entrenamiento entrenar entrenament treino
        treinamento treinar addestramento allenamento trainieren latih latihan pelatihan egitim trening treningowy
        treningowe uczenie uczacy обучение обучающая обучающие тренировка тренировочная тренировочные трейн навчання
        тренування traning trening treening opetus koulutus trenink trenovaci ucenje tanito tanulo antrenare
        antrenament εκπαιδευση אימון تدريب آموزش प्रशिक्षण ฝึก 训练 訓練 学習 トレーニング 훈련 학습 huấn+luyện
        """,
    "validation": """
        val valid validate validation validating validset dev devel holdout validacion validacao validazione
        validierung validasi validatie dogrulama gecerleme walidacja walidacyjny walidacyjne валидация валидационная
        проверка проверочная валідація validering validointi validace validacni validare επικυρωση אימות تحقق
        اعتبارسنجی सत्यापन 验证 驗證 検証 검증 xác+thực
        """,
    "test": """
        test testing tst eval evaluation evaluate prueba pruebas teste testes prova proves collaudo uji ujian pengujian
        tes testowy testowe тест тестовая тестовые тестирование испытание тестування testi testaus testovani testovaci
        teszt testare testiranje δοκιμη בדיקה اختبار آزمون परीक्षण ทดสอบ 测试 測試 テスト 評価 테스트 시험 kiểm+tra
        """,
}
"""Words by split, without accents; a plus stands for a blank."""

_BESIDE = frozenset(
    word
    for words in (
        "a the set sets data dataset datasets image images img imgs picture pictures photo photos pic pics folder",
        "folders dir sample samples file files my all new final small clean label labels annotations list split",
        "jeu conjunto dati daten donnees datos dados veri seti dane imagenes imagens bilder gambar",
    )
    for word in words.split()
)
"""Words that may stand beside them and say nothing."""

_ENDINGS = (
    *("set", "sets", "data", "dataset", "images", "imgs", "img", "pics", "photos", "files", "list", "ing"),
    *("daten", "satz", "menge", "bilder"),
)
"""What words for splits are put together with."""


def _plain(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.category(letter).startswith("M"))


_SPLITS = {_plain(word.replace("+", " ")): split for split, words in _WORDS.items() for word in words.split()}
_WITHOUT_BLANKS = {word: split for word, split in _SPLITS.items() if word >= "\u0e00"}
"""Words of scripts that do not part words, from Thai on; they are found within others."""


@lru_cache(10_000)
def _tokens(name: str) -> tuple[str, ...]:
    """The words of a name: parted by what is no letter, and where small letters are followed by a capital."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", readable(name))
    return tuple(re.findall(r"[^\W\d_]+", _plain(parted)))


def split_named(name: str) -> str | None:
    """The split that a name says, “Training”, “test_set”: “train”, “validation” or “test”; None where it says none."""
    return _split_of_words(_tokens(name))


def splits_named(names: Sequence[str]) -> list[str | None]:
    """The splits that names say which stand beside each other; a word in all of them, as “seg” in “seg_train”, says
    nothing.
    """
    words = list(map(_tokens, names))
    often = Counter(word for one in words for word in set(one))
    common = {word for word, count in often.items() if count == len(names) > 1}
    return [_split_of_words([word for word in one if word not in common or word in _SPLITS]) for one in words]


def _split_of_words(words: Sequence[str]) -> str | None:
    left = [word for word in words if word not in _BESIDE]
    splits = {_split_of(word) for word in left}
    if None in splits:
        return _SPLITS.get(" ".join(left))
    return splits.pop() if len(splits) == 1 else None


def _split_of(word: str) -> str | None:
    if word in _SPLITS:
        return _SPLITS[word]
    for ending in _ENDINGS:
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            if split := _SPLITS.get(stem) or _SPLITS.get(stem.removesuffix("s")):
                return split
    found = {split for part, split in _WITHOUT_BLANKS.items() if part in word} if not word.isascii() else set()
    return found.pop() if len(found) == 1 else None
