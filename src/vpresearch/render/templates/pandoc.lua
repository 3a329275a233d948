-- Answers each line of the input, a request in JSON, with a line: + and the document, or - and what went wrong.

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function convert(asked)
  local document = pandoc.read(asked.given, asked.from)
  if asked.bibliography then
    document.meta.bibliography, document.meta.csl = asked.bibliography, asked.style
    document = pandoc.utils.citeproc(document)
  end
  local options = asked.options or {}
  options.wrap_text = "none"
  if asked.template then
    options.template = pandoc.template.compile(read(asked.template))
  end
  -- A picture of an earlier document may have the name of another.
  pandoc.mediabag.empty()
  return pandoc.system.with_working_directory(asked.folder or ".", function()
    return pandoc.write(document, asked.to, options)
  end)
end

-- Standard output is text on some systems, where a line ends otherwise.
local within = { ["\n"] = "\\n", ["\r"] = "\\r", ["\\"] = "\\b" }

for line in io.lines() do
  local done, answer = pcall(convert, pandoc.json.decode(line, false))
  answer = tostring(answer):gsub("[\n\r\\]", within)
  io.write(done and "+" or "-", answer, "\n")
  io.flush()
end
