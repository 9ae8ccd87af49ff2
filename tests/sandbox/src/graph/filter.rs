//! `$filter`: comparisons of a property with a literal, joined by `and`, `or`, `not` and parentheses.

use super::error::GraphError;

/// A property's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    /// Not there.
    Null,
    /// true or false
    Bool(bool),
    /// Text
    Text(String),
    /// A UTC second
    Time(i64),
    /// A number
    Number(i64),
}

#[derive(Debug, Clone)]
enum Node {
    Compare(String, Operator, Property),
    Function(Function, String, String),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

/// A filter, read.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Node,
    /// The properties it names, in order.
    pub properties: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Word(String),
    Text(String),
}

impl Filter {
    /// Reads a filter on a type with the given properties.
    pub fn parse(text: &str, type_name: &str, known: &[&str]) -> Result<Self, GraphError> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: tokens.into_iter().peekable(),
            text,
            type_name,
            known,
            properties: Vec::new(),
        };
        let root = parser.either()?;
        match parser.tokens.next() {
            None => Ok(Self {
                root,
                properties: parser.properties,
            }),
            Some(Token::Word(word)) if word == "in" => Err(invalid(text)),
            Some(_) => Err(invalid(text)),
        }
    }

    /// Whether something with these properties passes.
    pub fn matches(&self, value: &dyn Fn(&str) -> Property) -> bool {
        self.root.matches(value)
    }
}

impl Node {
    fn matches(&self, value: &dyn Fn(&str) -> Property) -> bool {
        match self {
            Self::And(left, right) => left.matches(value) && right.matches(value),
            Self::Or(left, right) => left.matches(value) || right.matches(value),
            Self::Not(inner) => !inner.matches(value),
            Self::Function(function, name, part) => {
                let Property::Text(text) = value(name) else {
                    return false;
                };
                let (text, part) = (text.to_lowercase(), part.to_lowercase());
                match function {
                    Function::StartsWith => text.starts_with(&part),
                    Function::EndsWith => text.ends_with(&part),
                    Function::Contains => text.contains(&part),
                }
            }
            Self::Compare(name, operator, wanted) => compare(&value(name), *operator, wanted),
        }
    }
}

fn compare(found: &Property, operator: Operator, wanted: &Property) -> bool {
    use std::cmp::Ordering;
    let order = match (found, wanted) {
        (Property::Null, Property::Null) => Some(Ordering::Equal),
        (Property::Bool(found), Property::Bool(wanted)) => Some(found.cmp(wanted)),
        (Property::Text(found), Property::Text(wanted)) => Some(found.to_lowercase().cmp(&wanted.to_lowercase())),
        (Property::Time(found), Property::Time(wanted)) | (Property::Number(found), Property::Number(wanted)) => {
            Some(found.cmp(wanted))
        }
        _ => None,
    };
    let Some(order) = order else {
        return operator == Operator::NotEqual;
    };
    match operator {
        Operator::Equal => order == Ordering::Equal,
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
    }
}

fn invalid(text: &str) -> GraphError {
    GraphError::new(
        400,
        "ErrorInvalidUrlQueryFilter",
        format!("The query filter contains one or more invalid nodes. ({text})"),
    )
}

fn tokens(text: &str) -> Result<Vec<Token>, GraphError> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ' ' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut literal = String::new();
                loop {
                    match characters.next() {
                        Some('\'') if characters.peek() == Some(&'\'') => {
                            characters.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => literal.push(other),
                        None => {
                            return Err(GraphError::bad_request(format!(
                                "There is an unterminated string literal at position {} in '{text}'.",
                                text.len()
                            )));
                        }
                    }
                }
                tokens.push(Token::Text(literal));
            }
            other => {
                let mut word = String::from(other);
                while let Some(next) = characters.next_if(|next| !" (),'".contains(*next)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser<'a, I: Iterator<Item = Token>> {
    tokens: std::iter::Peekable<I>,
    text: &'a str,
    type_name: &'a str,
    known: &'a [&'a str],
    properties: Vec<String>,
}

impl<I: Iterator<Item = Token>> Parser<'_, I> {
    fn word(&mut self, wanted: &str) -> bool {
        self.tokens
            .next_if(|token| matches!(token, Token::Word(word) if word == wanted))
            .is_some()
    }

    fn either(&mut self) -> Result<Node, GraphError> {
        let mut left = self.both()?;
        while self.word("or") {
            left = Node::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Node, GraphError> {
        let mut left = self.term()?;
        while self.word("and") {
            left = Node::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Node, GraphError> {
        if self.word("not") {
            return Ok(Node::Not(Box::new(self.term()?)));
        }
        match self.tokens.next() {
            Some(Token::Open) => {
                let inner = self.either()?;
                self.close()?;
                Ok(inner)
            }
            Some(Token::Word(name)) if self.tokens.peek() == Some(&Token::Open) => self.function(&name),
            Some(Token::Word(name)) => self.comparison(name),
            _ => Err(invalid(self.text)),
        }
    }

    fn close(&mut self) -> Result<(), GraphError> {
        match self.tokens.next() {
            Some(Token::Close) => Ok(()),
            _ => Err(invalid(self.text)),
        }
    }

    fn property(&mut self, name: String) -> Result<String, GraphError> {
        if !self.known.contains(&name.as_str()) {
            return Err(GraphError::bad_request(format!(
                "Could not find a property named '{name}' on type 'microsoft.graph.{}'.",
                self.type_name
            )));
        }
        if !self.properties.contains(&name) {
            self.properties.push(name.clone());
        }
        Ok(name)
    }

    fn function(&mut self, name: &str) -> Result<Node, GraphError> {
        let function = match name {
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            "contains" => Function::Contains,
            _ => return Err(invalid(self.text)),
        };
        self.tokens.next();
        let (Some(Token::Word(property)), Some(Token::Comma), Some(Token::Text(part))) =
            (self.tokens.next(), self.tokens.next(), self.tokens.next())
        else {
            return Err(invalid(self.text));
        };
        self.close()?;
        Ok(Node::Function(function, self.property(property)?, part))
    }

    fn comparison(&mut self, name: String) -> Result<Node, GraphError> {
        let operator = match self.tokens.next() {
            Some(Token::Word(word)) => match word.as_str() {
                "eq" => Operator::Equal,
                "ne" => Operator::NotEqual,
                "gt" => Operator::Greater,
                "ge" => Operator::GreaterOrEqual,
                "lt" => Operator::Less,
                "le" => Operator::LessOrEqual,
                _ => return Err(invalid(self.text)),
            },
            _ => return Err(invalid(self.text)),
        };
        let name = self.property(name)?;
        let literal = match self.tokens.next() {
            Some(Token::Text(text)) => Property::Text(text),
            Some(Token::Word(word)) => literal(&word).ok_or_else(|| invalid(self.text))?,
            _ => return Err(invalid(self.text)),
        };
        Self::fits(&name, &literal)?;
        Ok(Node::Compare(name, operator, literal))
    }

    /// A date in quotes is a text, and no date compares with a text.
    fn fits(name: &str, literal: &Property) -> Result<(), GraphError> {
        let (edm, fits) = match name {
            "receivedDateTime" | "sentDateTime" | "createdDateTime" | "lastModifiedDateTime" => {
                ("Edm.DateTimeOffset", matches!(literal, Property::Time(_)))
            }
            "isRead" | "hasAttachments" | "isDraft" | "isHidden" => {
                ("Edm.Boolean", matches!(literal, Property::Bool(_)))
            }
            "totalItemCount" | "unreadItemCount" | "childFolderCount" => {
                ("Edm.Int32", matches!(literal, Property::Number(_)))
            }
            _ => ("Edm.String", matches!(literal, Property::Text(_))),
        };
        if fits || *literal == Property::Null {
            return Ok(());
        }
        let found = match literal {
            Property::Text(_) => "Edm.String",
            Property::Bool(_) => "Edm.Boolean",
            Property::Time(_) => "Edm.DateTimeOffset",
            _ => "Edm.Int32",
        };
        Err(GraphError::bad_request(format!(
            "A binary operator with incompatible types was detected. Found operand types '{edm}' and '{found}' for operator kind 'Equal'."
        )))
    }
}

fn literal(word: &str) -> Option<Property> {
    match word {
        "true" => Some(Property::Bool(true)),
        "false" => Some(Property::Bool(false)),
        "null" => Some(Property::Null),
        _ => word.parse().map(Property::Number).ok().or_else(|| {
            let time = chrono::DateTime::parse_from_rfc3339(word).ok()?;
            Some(Property::Time(time.timestamp()))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Property {
        match name {
            "isRead" => Property::Bool(false),
            "subject" => Property::Text("Rechnung's 7".into()),
            "receivedDateTime" => Property::Time(1_700_000_000),
            _ => Property::Null,
        }
    }

    #[test]
    fn filters_decide_as_odata_says() {
        let known = ["isRead", "subject", "receivedDateTime"];
        for (text, expected) in [
            ("isRead eq false", Ok(true)),
            ("isRead ne false", Ok(false)),
            ("receivedDateTime ge 2023-11-14T22:13:20Z", Ok(true)),
            ("receivedDateTime gt 2023-11-14T22:13:20Z", Ok(false)),
            ("receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false", Ok(true)),
            ("not (isRead eq false) or subject eq 'rechnung''s 7'", Ok(true)),
            ("startswith(subject,'Rech')", Ok(true)),
            ("receivedDateTime ge '2023-11-14T22:13:20Z'", Err("BadRequest")),
            ("isRead eq 'false'", Err("BadRequest")),
            ("colour eq 'red'", Err("BadRequest")),
            ("subject in ('a','b')", Err("ErrorInvalidUrlQueryFilter")),
            ("subject eq 'a' and", Err("ErrorInvalidUrlQueryFilter")),
            ("subject eq 'a", Err("BadRequest")),
            ("", Err("ErrorInvalidUrlQueryFilter")),
        ] {
            let result = Filter::parse(text, "message", &known)
                .map(|filter| filter.matches(&value))
                .map_err(|error| error.code);
            assert_eq!(result, expected.map_err(str::to_owned), "{text}");
        }
    }
}
