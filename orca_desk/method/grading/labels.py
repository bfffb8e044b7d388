"""How answers are announced: words for "answer" and for "is", in many languages."""

# Words that announce the answer: "Answer: 5", "the answer is 5", "Die Antwort lautet 5".
ANSWER = (
    *("answer", "answers"),  # English
    *("antwort", "lösung"),  # German
    *("réponse", "reponse", "réponses"),  # French
    *("respuesta", "respuestas"),  # Spanish
    *("resposta", "respostas"),  # Portuguese, Catalan
    "risposta",  # Italian
    "antwoord",  # Dutch
    *("odpowiedź", "odpowiedz", "odpowiedzi"),  # Polish
    *("ответ", "ответом"),  # Russian
    *("відповідь", "відповіддю"),  # Ukrainian
    *("отговор", "отговорът"),  # Bulgarian
    *("odgovor", "odgovor", "одговор"),  # Serbian, Croatian, Slovene
    *("odpověď", "odpoveď"),  # Czech, Slovak
    *("cevap", "yanıt", "cevabı", "yanıtı"),  # Turkish
    "cavab",  # Azerbaijani
    *("الجواب", "جواب", "الإجابة", "الاجابة", "إجابة", "اجابة"),  # Arabic, Urdu
    *("پاسخ", "جواب"),  # Persian
    *("תשובה", "התשובה"),  # Hebrew
    *("उत्तर", "जवाब"),  # Hindi, Marathi
    "উত্তর",  # Bengali
    *(
        "જવાબ",
        "ਜਵਾਬ",
        "பதில்",
        "விடை",
        "సమాధానం",
        "ಉತ್ತರ",
        "ഉത്തരം",
    ),  # Gujarati, Punjabi, Tamil, Telugu, Kannada, Malayalam
    *("svar", "svaret"),  # Swedish, Danish, Norwegian
    "vastaus",  # Finnish
    "vastus",  # Estonian
    *("válasz", "megoldás"),  # Hungarian
    *("răspuns", "răspunsul", "raspuns", "raspunsul"),  # Romanian
    "απάντηση",  # Greek
    *("jawaban", "jawapan", "jawabannya"),  # Indonesian, Malay
    "jibu",  # Swahili
    *("sagot", "kasagutan"),  # Tagalog
    *("atsakymas", "atbilde"),  # Lithuanian, Latvian
    *("жауап", "жауабы"),  # Kazakh
    "javob",  # Uzbek
    "erantzuna",  # Basque
    *("պատասխան", "პასუხი"),  # Armenian, Georgian
)
# Several words.
ANSWER_PHRASES = ("câu trả lời", "đáp án", "đáp số", "trả lời", "đáp án đúng")  # Vietnamese
# Without spaces between words: nothing is asked of the neighbours.
ANSWER_UNSPACED = (
    *("答案", "正解", "解答", "回答", "答え", "答", "正确选项", "正確選項"),  # Chinese, Japanese
    *("정답", "답변", "해답", "답"),  # Korean
    "คำตอบ",  # Thai
    *("ຄຳຕອບ", "ចម្លើយ", "အဖြေ"),  # Lao, Khmer, Burmese
)
# An answer of these may follow without ":" or "is", which stands at its end: "उत्तर 42 है".
VERB_LAST = frozenset(["cevap", "yanıt", "उत्तर", "जवाब", "উত্তর", "پاسخ", "جواب", "cavab", "javob"])
# Words of announcements in languages that write 1.500 for 1500.
POINTS_GROUP = frozenset([
    "antwort", "lösung", "ergebnis", "fazit", "respuesta", "respuestas", "resultado", "resposta", "respostas",
    "risposta", "risultato", "antwoord", "cevap", "yanıt", "cevabı", "yanıtı", "sonuç", "jawaban", "jawapan",
    "jawabannya", "hasil", "svar", "svaret", "ответ", "ответом", "результат", "итог", "итого", "відповідь",
    "відповіддю", "odgovor", "одговор", "răspuns", "răspunsul", "raspuns", "raspunsul", "απάντηση", "đáp",
    "trả", "kết",
])  # fmt: skip
CORRECT = [
    "correct", "right", "best", "final", "true", "proper", "exact", "overall", "ultimate", "numerical",
    "korrekt", "richtig", "correcte", "bonne", "finale", "exacte", "correcta", "correcto", "exacta",
    "corretta", "esatta", "giusta", "certa", "correta", "juiste", "poprawna", "prawidłowa", "ostateczna",
    "правильный", "верный", "окончательный", "правильна", "správná", "doğru", "nihai", "الصحيحة", "الصحيح",
    "النهائية", "النهائي", "सही", "अंतिम", "benar", "terakhir", "rätt", "rätta", "rigtige", "riktige",
    "oikea", "helyes", "corect", "σωστή", "đúng", "cuối", "cùng",
]  # fmt: skip
IS = [
    "is", "are", "was", "were", "equals", "be", "becomes", "remains", "ist", "lautet", "war", "wäre",
    "beträgt", "sind", "est", "sera", "serait", "était", "sont", "es", "será", "sería", "son", "è", "sarà",
    "sono", "é", "são", "seria", "foi", "jest", "to", "brzmi", "wynosi", "это", "является", "будет",
    "равен", "равна", "равно", "таков", "есть", "є", "це", "је", "е", "je", "jsou", "هو", "هي", "تكون",
    "היא", "הוא", "är", "er", "on", "este", "sunt", "είναι", "adalah", "ialah", "yaitu", "là", "ay", "ni",
    "bằng",
]  # fmt: skip
IS_UNSPACED = (
    *("应该是", "應該是", "应当是", "应为", "應為", "是", "为", "為", "即", "选择", "選擇", "选", "選"),
    *("は", "은", "는", "คือ"),
)
# Copulas at the end of an answer, where the verb stands last.
FINAL_COPULAS = (
    *("です", "である", "だ", "になります", "となります"),
    *("입니다", "이다", "예요", "이에요", "다"),
    *("है", "हैं", "است", "'dir", "'dır", "'tir", "'tır", "dir", "dır"),
)
