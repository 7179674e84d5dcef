"""What file-sync clients, departments and people call folders that a project lies in."""

HOSTILE_NAMES = [
    "100% sure",
    "a%20b",
    "per%2Fcent",
    "why?not",
    "R&D [2026] #1 사진",
    "it's mine",
    '"quoted"',
    "{x} $HOME ~ @home a:b x;y %s",
    "back\\slash",
    "two  spaces ",
]
EVERYTHING = 'R&D [2026] #1 100% a%20b why?not it\'s "사진" {x}; $HOME @a:b \\'
