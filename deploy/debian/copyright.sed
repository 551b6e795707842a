# Makes the package's copyright file of LICENSE. Debian has the text of the Apache License already.
/^ *Apache License$/,$c\
On Debian systems the Apache License, Version 2.0, is in\
/usr/share/common-licenses/Apache-2.0.
